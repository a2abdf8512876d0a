/** Workers that worked on while the server was away. */
import { type ExecutorRequest, REPLY_STATUS, type WorkerReply } from "@pawl/protocol";
import { openMemoryStore } from "@pawl/store-memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock, START } from "../ports/manual-clock.fixture.ts";
import { EarlyAnswers } from "./early-answers.ts";
import { type ConnectWorld, connectWorld, replyTo } from "./connect.fixture.ts";

let world: ConnectWorld;
let request: ExecutorRequest;
let runId: string;

/** A run's call is with its worker when the server stops; a server on the same data starts. */
beforeEach(async () => {
  const store = openMemoryStore();
  world = await connectWorld(store);
  const worker = await world.worker();
  runId = await world.send();
  request = worker.request();
  const snapshot = store.snapshot();
  await world.stop();
  world = await connectWorld(openMemoryStore({ snapshot }), new ManualClock(START + 60_000));
});

afterEach(async () => {
  await world.stop();
  expect(world.logged).toEqual([]);
});

/** Whether a flush has been confirmed; undefined: not yet. */
function flushed(result: unknown, over: Partial<WorkerReply> = {}): { isConfirmed: boolean | undefined } {
  const flush: { isConfirmed: boolean | undefined } = { isConfirmed: undefined };
  void world.connect.flush(replyTo(request, result, over)).then((isConfirmed) => (flush.isConfirmed = isConfirmed));
  return flush;
}

describe("an answer to a request of before the restart", () => {
  test("that comes before its call is made counts, without a call, and is confirmed when it is stored", async () => {
    const flush = flushed("kept");
    await world.settle();
    expect(flush.isConfirmed).toBeUndefined();
    const worker = await world.worker();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect([flush.isConfirmed, worker.requests.length]).toEqual([true, 0]);
  });

  test("that comes while the call is made again counts, and so nobody waits for the other", async () => {
    const worker = await world.worker({ limit: 1 });
    expect(worker.requests).toHaveLength(1);
    const flush = flushed("kept");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect(flush.isConfirmed).toBe(true);
    // The worker goes on with it: its place is taken until it is done.
    await world.send();
    expect(worker.requests).toHaveLength(1);
    worker.answer(worker.request(), "again");
    await world.settle();
    expect(worker.requests).toHaveLength(2);
    expect(await world.run(runId)).toMatchObject({ output: '"kept"' });
  });

  test("is confirmed after a while without a call, and still counts when that comes", async () => {
    const flush = flushed("kept");
    await world.advance(4_999);
    expect(flush.isConfirmed).toBeUndefined();
    await world.advance(1);
    expect(flush.isConfirmed).toBe(true);
    await world.advance(50_000);
    await world.worker();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
  });

  test("that says that its call was told to stop is no answer to the one that is made instead", async () => {
    const worker = await world.worker();
    const stopped = { name: "StaleDispatchError", message: "Another call owns this run now." };
    const flush = flushed(stopped, { status: REPLY_STATUS.error, noRetry: true });
    await world.settle();
    expect(flush.isConfirmed).toBe(true);
    worker.answer(worker.request(), "made");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"made"' });
  });

  test("that nobody asks for is let go, and the call made", async () => {
    flushed("kept");
    await world.advance(60_000);
    const worker = await world.worker();
    expect(worker.requests).toHaveLength(1);
  });

  test("that could not be stored is not confirmed, and the call is made", async () => {
    const gate = Promise.withResolvers<void>();
    const flush = flushed("kept");
    world.commitGate = gate.promise;
    const worker = await world.worker();
    world.commitGate = undefined;
    gate.reject(new Error("disk full"));
    await world.settle();
    expect([flush.isConfirmed, worker.requests.length]).toEqual([false, 0]);
    await world.advance(10_000);
    expect(worker.requests).toHaveLength(1);
    expect(world.logged.splice(0)).not.toEqual([]);
  });

  test("is of that attempt only", async () => {
    flushed({ name: "Error", message: "busy" }, { status: REPLY_STATUS.error, retryAfter: "1" });
    const worker = await world.worker();
    const second = flushed("late");
    // Up to 30 s of jitter.
    for (let seconds = 0; seconds <= 32 && worker.requests.length < 1; seconds++) await world.advance(1_000);
    expect(JSON.parse(new TextDecoder().decode(worker.request().requestPayload))).toMatchObject({ ctx: { attempt: 1 } });
    expect((await world.run(runId))?.status).toBe("RUNNING");
    worker.answer(worker.request(), "second");
    await world.advance(5_000);
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"second"' });
    expect(second.isConfirmed).toBe(true);
  });

  test.each<[string, Partial<WorkerReply>]>([
    ["does not say what it is for", { systemTraceCtx: new TextEncoder().encode("{}") }],
    ["says nonsense", { systemTraceCtx: new TextEncoder().encode('{"job_id":7,"attempt":{}}') }],
    ["is no JSON", { systemTraceCtx: new TextEncoder().encode("{") }],
    ["has an id of no instant", { requestId: "r" }],
    ["has an id of after the restart", { requestId: "7ZZZZZZZZZ0000000000000000" }],
  ])("that %s is confirmed, and the call made", async (_what, over) => {
    const flush = flushed("kept", over);
    await world.settle();
    expect(flush.isConfirmed).toBe(true);
    expect((await world.worker()).requests).toHaveLength(1);
  });
});

test("what is kept is bounded, and the newest of one attempt counts", async () => {
  const clock = new ManualClock();
  const answers = new EarlyAnswers(clock);
  const sized = (bytes: number): WorkerReply => replyTo(request, "", { body: new Uint8Array(bytes) });
  const first = answers.keep("a", sized(1));
  void answers.keep("a", sized(2));
  expect(await first).toBe(true);
  expect(answers.take("a")?.reply.body).toHaveLength(2);
  expect([answers.take("a"), clock.timerCount]).toEqual([undefined, 0]);
  void answers.keep("large", sized(64 * 1024 * 1024));
  expect(await answers.keep("b", sized(1))).toBe(true);
  expect(answers.take("b")).toBeUndefined();
  answers.take("large");
  for (let n = 0; n < 1_000; n++) void answers.keep(String(n), sized(1));
  expect(await answers.keep("b", sized(1))).toBe(true);
  answers.stop();
  expect([answers.take("0"), clock.timerCount]).toEqual([undefined, 0]);
});
