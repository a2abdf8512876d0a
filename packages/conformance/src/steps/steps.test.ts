/** Every kind of step, with the official clients and ours, against a server with durable settings. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import type { ClientName } from "../harness/client-folder.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";
import { LARGE_CHARS, SAVED } from "./functions.ts";

const FUNCTIONS = join(import.meta.dirname, "functions.ts");

type Variant = { readonly client: ClientName; readonly checkpointing: boolean };

const VARIANTS: readonly Variant[] = [
  { client: "pawl", checkpointing: true },
  { client: "pawl", checkpointing: false },
  { client: "inngest-v4", checkpointing: true },
  { client: "inngest-v4", checkpointing: false },
  { client: "inngest-v3", checkpointing: true },
  { client: "inngest-v3", checkpointing: false },
];

/** Clocks of two processes, timers that fire a little early. */
const TOLERANCE_MS = 50;

describe.each(VARIANTS)("$client, checkpointing $checkpointing", (variant) => {
  let dir: string;
  let server: ServerProcess;
  let app: AppProcess;
  let watch: Watch;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-steps-"));
    server = await startServerProcess({ dir, retryIntervalS: 1 });
    app = await startAppProcess({ ...variant, server, functions: FUNCTIONS });
    watch = await Watch.open(server);
  });

  afterAll(async () => {
    watch?.close();
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  const send = async (id: string, data: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const [eventId = ""] = await sendEvents(server, [{ name: `test/${id}`, data }]);
    return eventId;
  };
  const ended = async (id: string, data: Readonly<Record<string, unknown>> = {}): Promise<UiRunDetail> =>
    watch.endedRunOf(await send(id, data), `steps-${id}`);
  const outputOf = async (id: string, data: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
    const { run, output, error } = await ended(id, data);
    expect(run, JSON.stringify(error)).toMatchObject({ status: "COMPLETED" });
    return output === undefined ? undefined : JSON.parse(output);
  };
  const untilWaiting = (eventId: string): Promise<void> =>
    watch.until("waiting for a run to wait", (runs) =>
      [...runs.values()].some((run) => run.eventId === eventId && run.phase === "waiting"),
    );
  const bodiesOf = (name: string): readonly unknown[] =>
    app.reports.filter((report) => report["name"] === name).map(({ attempt }) => attempt);
  const callsOf = (key: string): number => app.reports.filter((report) => report.kind === "call" && report["key"] === key).length;

  test.concurrent("step.run: results are remembered as JSON", async () => {
    expect(await outputOf("run", { n: 1 })).toEqual({ a: { n: 1, at: "1970-01-01T00:00:00.000Z" }, b: 2, name: "test/run" });
  });

  test.concurrent("a function that returns nothing completes", async () => {
    expect((await outputOf("nothing")) ?? null).toBeNull();
  });

  test.concurrent("step.sleep", async () => {
    const { sleptMs } = (await outputOf("sleep")) as { sleptMs: number };
    expect(sleptMs).toBeGreaterThanOrEqual(1_000 - TOLERANCE_MS);
  });

  test.concurrent("step.sleepUntil", async () => {
    const { sleptMs } = (await outputOf("sleep-until")) as { sleptMs: number };
    expect(sleptMs).toBeGreaterThanOrEqual(1_000 - TOLERANCE_MS);
  });

  test.concurrent("step.waitForEvent: only the event that matches", async () => {
    const eventId = await send("wait", { key: "w1" });
    await untilWaiting(eventId);
    await send("answer", { key: "other" });
    await send("answer", { key: "w1", n: 7 });
    const { output = "" } = await watch.endedRunOf(eventId);
    expect(JSON.parse(output)).toEqual({ asked: "w1", got: { key: "w1", n: 7 }, name: "test/answer" });
  });

  test.concurrent("step.waitForEvent: an expression over both events", async () => {
    const eventId = await send("wait-if", { key: "w2" });
    await untilWaiting(eventId);
    await send("answer-if", { key: "w2", amount: 10 });
    await send("answer-if", { key: "w2", amount: 11 });
    const { output = "" } = await watch.endedRunOf(eventId);
    expect(JSON.parse(output)).toEqual({ key: "w2", amount: 11 });
  });

  test.concurrent("step.waitForEvent: null after the timeout", async () => {
    expect(await outputOf("wait-timeout")).toEqual({ got: null });
  });

  test.concurrent("step.invoke: the other function's result", async () => {
    expect(await outputOf("invoke")).toEqual({ doubled: 42 });
  });

  test.concurrent("step.invoke: the other function's error", async () => {
    const outcome = (await outputOf("invoke-failing")) as { message: string };
    expect(outcome.message).toContain("the child failed");
  });

  test.concurrent("step.invoke: fails after its timeout", async () => {
    const outcome = (await outputOf("invoke-timeout")) as { message: string };
    expect(outcome.message).toMatch(/time/i);
  });

  test.concurrent("step.sendEvent: each event starts its function", async () => {
    const { ids } = (await outputOf("send", { key: "s1" })) as { ids: string[] };
    expect(ids).toHaveLength(2);
    const outputs = await Promise.all(ids.map(async (id) => JSON.parse((await watch.endedRunOf(id)).output ?? "null") as { part: number }));
    expect(outputs.map(({ part }) => part)).toEqual([1, 2]);
  });

  test.concurrent("parallel steps", async () => {
    expect(await outputOf("parallel")).toEqual({ sum: 10, text: "text" });
  });

  test.concurrent("steps of the same id in a loop", async () => {
    expect(await outputOf("repeated")).toEqual([0, 1, 2]);
  });

  test.concurrent("more state than fits into a call", async () => {
    expect(await outputOf("large")).toEqual([LARGE_CHARS, LARGE_CHARS, LARGE_CHARS, LARGE_CHARS]);
  });

  test.concurrent("a step that throws is tried again, and what follows counts anew", async () => {
    expect(await outputOf("retry")).toEqual({ attempt: 1, after: "done" });
    expect(bodiesOf("retry")).toEqual([0, 1]);
  });

  test.concurrent("RetryAfterError", async () => {
    expect(await outputOf("retry-after")).toEqual({ attempt: 1 });
  });

  test.concurrent("a step without attempts left throws where it was awaited", async () => {
    const outcome = (await outputOf("step-error")) as { name: string; message: string };
    expect(outcome.message).toContain("broken for good");
    expect(bodiesOf("step-error")).toEqual([0, 1]);
  });

  test.concurrent("NonRetriableError ends the run at once", async () => {
    const { run, error } = await ended("non-retriable");
    expect(run.status).toBe("FAILED");
    expect(error?.message).toContain("no use");
    expect(bodiesOf("non-retriable")).toEqual([0]);
  });

  test.concurrent("a function without attempts left fails with its last error", async () => {
    const { run, error } = await ended("exhausted");
    expect(run.status).toBe("FAILED");
    expect(error).toMatchObject({ name: "TypeError", message: "attempt 1" });
    expect(bodiesOf("exhausted")).toEqual([0, 1]);
  });

  test.concurrent("onFailure is told of the error and the event", async () => {
    const { run } = await ended("failing", { key: "f1" });
    expect(run.status).toBe("FAILED");
    const failure = await app.report("waiting for onFailure", ({ kind }) => kind === "failure");
    expect(failure).toMatchObject({ original: { key: "f1" }, message: expect.stringContaining("out of range") as string });
  });

  test.concurrent("cancelOn cancels the run that matches and no other", async () => {
    const [kept, cancelled] = await Promise.all([send("cancel", { key: "c1" }), send("cancel", { key: "c2" })]);
    await Promise.all([untilWaiting(kept), untilWaiting(cancelled)]);
    await send("stop", { key: "c2" });
    const { run } = await watch.endedRunOf(cancelled);
    expect(run.status).toBe("CANCELLED");
    expect([...watch.runs.values()].find(({ eventId }) => eventId === kept)?.phase).toBe("waiting");
  });

  // Saved by answers, each step costs a call, and so does the end.
  test.concurrent.each([
    { id: "saved", calls: variant.checkpointing ? 1 : SAVED.length + 1 },
    { id: "saved-by-answer", calls: SAVED.length + 1 },
    { id: "saved-in-threes", calls: 1 },
  ])("$id: how steps are saved is the app's choice, or the function's own", async ({ id, calls }) => {
    expect(await outputOf(id, { key: id })).toBe(SAVED.join(""));
    expect(callsOf(id)).toBe(calls);
  });

  test.concurrent("a call that takes longer than it may is ended after the step", async () => {
    expect(await outputOf("saved-in-time", { key: "time" })).toEqual(["long", "after"]);
    expect(callsOf("time")).toBeGreaterThan(1);
    expect(bodiesOf("saved-in-time")).toHaveLength(1);
  });

  test.concurrent("a race is won by the first step", async () => {
    const eventId = await send("race", { slow: "1h" });
    const raced = await app.report("waiting for the step after the race", ({ kind }) => kind === "raced");
    expect(raced["winner"]).toBe("fast");
    if (variant.client === "pawl")
      expect(JSON.parse((await watch.endedRunOf(eventId)).output ?? "")).toEqual({ winner: "fast", after: "done" });
  });

  test.concurrent("the client's own send", async () => {
    app.tell({ kind: "send", payload: { name: "test/run", data: { n: 5 } } });
    const { ids } = await app.report("waiting for send", ({ kind }) => kind === "sent");
    const { output = "" } = await watch.endedRunOf((ids as string[])[0] ?? "");
    expect(JSON.parse(output)).toMatchObject({ b: 6 });
  });

  test.concurrent("registering again, unchanged, is accepted", async () => {
    await app.register();
  });
});
