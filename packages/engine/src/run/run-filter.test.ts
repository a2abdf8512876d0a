import { expect, test } from "vitest";
import { compileSearch } from "../expression/index.ts";
import { eventRow, NOW, runRow } from "../fixtures/fixtures.ts";
import { matchesRun, type RunSearchInput } from "./run-filter.ts";

function matches(source: string, input: Partial<RunSearchInput> = {}): boolean {
  const compiled = compileSearch(source, "runs");
  if (compiled.kind === "invalid") throw new Error(compiled.message);
  return matchesRun(compiled.search, { run: runRow(), now: NOW, ...input });
}

test("a run shows its id, status, function and times", () => {
  const { id, functionId } = runRow();
  expect(matches(`run.id == "${id}" && run.functionId == "${functionId}" && run.status == "RUNNING"`)).toBe(true);
  expect(matches(`date(run.queuedAt) == date(${NOW}) && run.startedAt >= run.queuedAt && run.endedAt == null`)).toBe(true);
  expect(matches("run.version == 1 || run.lane != null")).toBe(false);
});

test("output and error are what the run ended with, as JSON; a run that has none has nothing there", () => {
  const failed = runRow({ status: "FAILED", endedAt: NOW, error: `{"name":"StockError","message":"none left"}` });
  expect(matches("error.name == 'StockError' && error.message.contains('left') && output == null", { run: failed })).toBe(true);
  expect(matches("output[1].sku == 'b'", { run: runRow({ output: `[{"sku":"a"},{"sku":"b"}]` }) })).toBe(true);
  expect(matches("has(output.n) || has(error.name)")).toBe(false);
});

test("event is the event that started the run", () => {
  const event = JSON.parse(eventRow({ data: { order: 7 } }).body) as RunSearchInput["event"];
  expect(matches("event.name == 'shop/imported' && event.data.order == 7", { event })).toBe(true);
  expect(matches("event.data.order == 7", { event: undefined })).toBe(false);
});
