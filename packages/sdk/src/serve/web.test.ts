import { expect, onTestFinished, test, vi } from "vitest";
import { Pawl } from "../client/client.ts";
import { turn } from "../run/call.fixture.ts";
import { createHandler } from "./web.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const EVENT = { name: "a", data: {}, id: "1", ts: 1, user: {} };

/** A call of the function `f`. */
function callOf(stepId = "step"): Request {
  const ctx = { run_id: "01HF7YAT00000G40R40M30E20A", fn_id: "7f6c", attempt: 0, max_attempts: 3, stack: { stack: null, current: 0 } };
  const body = JSON.stringify({ version: -1, event: EVENT, events: [EVENT], steps: {}, ctx });
  return new Request(`http://app.test/api/pawl?fnId=shop-f&stepId=${stepId}`, { method: "POST", body });
}

function handlerOf(streaming: boolean, run: () => unknown): (request: Request) => Promise<Response> {
  const client = new Pawl({ id: "shop", isDev: true, logger: silent });
  const fn = client.createFunction({ id: "f" }, { event: "a" }, run);
  return createHandler({ client, functions: [fn], streaming });
}

test("while a function works, its stream gets a space every 3 s; then comes the envelope", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  let end: (value: string) => void = () => {};
  const response = await handlerOf(true, () => new Promise<string>((resolve) => (end = resolve)))(callOf());
  expect([response.status, response.headers.get("x-inngest-sdk")]).toEqual([201, expect.stringMatching(/^pawl-js:v/)]);
  await vi.advanceTimersByTimeAsync(7_000);
  await turn();
  end("done");
  const text = await response.text();
  expect(text.slice(0, 3)).toBe("  {");
  expect(JSON.parse(text)).toMatchObject({ status: 206, body: expect.stringContaining("RunComplete") });
  expect(vi.getTimerCount()).toBe(0);
});

test("a step that is asked for and missing is 500, worth another try", async () => {
  const response = await handlerOf(false, () => "done")(callOf("0".repeat(40)));
  expect([response.status, response.headers.get("x-inngest-no-retry")]).toEqual([500, "false"]);
  expect(await response.json()).toMatchObject({ requestedStep: "0".repeat(40), foundSteps: [], totalFoundSteps: 0 });
});
