import { CONNECT_WORKERS_MAX, FRAME, REPLY_STATUS, workerConnect } from "@pawl/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { workerHoldOf } from "../core/worker-slots.ts";
import { decode } from "./codec.ts";
import { type ConnectWorld, connectWorld, type FakeWorker, replyTo } from "./connect.fixture.ts";
import type { LeaveReason } from "./workers.ts";

let world: ConnectWorld;

beforeEach(async () => {
  world = await connectWorld();
});

afterEach(async () => {
  await world.stop();
  expect(world.logged).toEqual([]);
});

async function reasonOf(runId: string): Promise<string | undefined> {
  const hold = await world.holdOf(runId);
  return hold?.kind === "slot" ? workerHoldOf(hold.slot) : hold?.kind;
}

describe("calls", () => {
  test("a call goes to the worker and its answer is the run's", async () => {
    const worker = await world.worker();
    const runId = await world.send();
    const request = worker.request();
    expect(request).toMatchObject({ appName: "shop", functionSlug: "shop-import", runId, stepId: "step" });
    expect(JSON.parse(new TextDecoder().decode(request.requestPayload))).toMatchObject({ ctx: { run_id: runId, attempt: 0 }, steps: {} });
    expect(JSON.parse(new TextDecoder().decode(request.userTraceCtx))).toMatchObject({
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      tracestate: expect.stringContaining("inngest@traceref="),
    });
    worker.answer(request, { stock: 3 });
    await world.settle();
    expect(worker.kinds.at(-1)).toBe(FRAME.replyAck);
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '{"stock":3}' });
  });

  test("an error is retried as over HTTP, and not where the worker says so", async () => {
    const worker = await world.worker();
    const retried = await world.send();
    worker.answer(worker.request(), { name: "Error", message: "busy" }, { status: REPLY_STATUS.error, retryAfter: "30" });
    await world.advance(29_000);
    expect(worker.requests).toHaveLength(1);
    // Up to 30 s of jitter.
    for (let seconds = 0; seconds <= 31 && worker.requests.length < 2; seconds++) await world.advance(1_000);
    expect(JSON.parse(new TextDecoder().decode(worker.requests[1]?.requestPayload))).toMatchObject({ ctx: { attempt: 1 } });
    worker.answer(worker.request(1), { name: "Error", message: "never" }, { status: REPLY_STATUS.done, noRetry: true });
    await world.settle();
    expect(await world.run(retried)).toMatchObject({ status: "FAILED", error: expect.stringContaining("never") });
  });

  test("a cancelled run's call ends; the worker keeps its place until it says that it is done", async () => {
    const worker = await world.worker({ limit: 1 });
    const first = await world.send();
    await world.engine.cancel(first, "Cancelled by the test.");
    await world.settle();
    const second = await world.send();
    expect(worker.requests).toHaveLength(1);
    worker.answer(worker.request(), 1);
    await world.settle();
    expect([worker.requests[1]?.runId, (await world.run(first))?.status]).toEqual([second, "CANCELLED"]);
  });
});

describe("answers", () => {
  /** An answer whose commit waits for the caller. */
  async function answered() {
    const worker = await world.worker();
    const runId = await world.send();
    const gate = Promise.withResolvers<void>();
    world.commitGate = gate.promise;
    worker.answer(worker.request(), "done");
    await world.settle();
    return { worker, runId, gate };
  }

  test("one is confirmed when what follows from it is stored", async () => {
    const { worker, runId, gate } = await answered();
    expect(worker.kinds).not.toContain(FRAME.replyAck);
    gate.resolve();
    await world.settle();
    expect([worker.kinds.at(-1), (await world.run(runId))?.status]).toEqual([FRAME.replyAck, "COMPLETED"]);
  });

  test("one that is delivered again meanwhile waits for the same commit", async () => {
    const { worker, gate } = await answered();
    const flushed = world.connect.flush(replyTo(worker.request(), "done"));
    gate.resolve();
    expect(await flushed).toBe(true);
  });

  test("one that could not be stored is not confirmed, and the call is made again", async () => {
    const { worker, runId, gate } = await answered();
    const flushed = world.connect.flush(replyTo(worker.request(), "done"));
    world.commitGate = undefined;
    gate.reject(new Error("disk full"));
    expect(await flushed).toBe(false);
    await world.advance(10_000);
    expect(worker.kinds).not.toContain(FRAME.replyAck);
    expect(worker.request(1).runId).toBe(runId);
    expect(world.logged.splice(0)).not.toEqual([]);
    worker.answer(worker.request(1), "done");
    await world.settle();
    expect([worker.kinds.at(-1), (await world.run(runId))?.status]).toEqual([FRAME.replyAck, "COMPLETED"]);
    // Nobody waits for the first one any more: its worker may forget it.
    expect(await world.connect.flush(replyTo(worker.request(), "done"))).toBe(true);
  });
});

describe("leases", () => {
  test("a worker that asks for more time keeps a request as long as it takes", async () => {
    const worker = await world.worker();
    const runId = await world.send();
    const request = worker.request();
    for (let count = 0; count < 30; count++) {
      await world.advance(5_000);
      worker.extend(request);
    }
    expect(new Set(worker.extensions)).toEqual(new Set([request.leaseId]));
    worker.answer(request, "late");
    await world.settle();
    expect([worker.requests.length, await world.run(runId)]).toMatchObject([1, { status: "COMPLETED" }]);
  });

  test("a killed worker's request is another's within seconds, and no attempt is used up", async () => {
    const [killed, other] = [await world.worker(), await world.worker({ instanceId: "other", limit: 0 })];
    const runId = await world.send();
    const [worker, survivor] = killed.requests.length > 0 ? [killed, other] : [other, killed];
    worker.cut();
    await world.advance(4_999);
    expect(survivor.requests).toHaveLength(0);
    await world.advance(101);
    const again = survivor.request();
    expect(JSON.parse(new TextDecoder().decode(again.requestPayload))).toMatchObject({ ctx: { run_id: runId, attempt: 0 } });
    expect(again.requestId).not.toBe(worker.requests[0]?.requestId);
    survivor.answer(again, "done");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"done"' });
  });

  test("a worker that hangs loses its request when the lease is over, and is refused afterwards", async () => {
    const worker = await world.worker();
    await world.send();
    const request = worker.request();
    await world.advance(19_999);
    expect(worker.requests).toHaveLength(1);
    await world.advance(101);
    expect(worker.requests).toHaveLength(2);
    worker.extend(request);
    expect(worker.extensions).toEqual([undefined]);
    // Its answer comes too late and changes nothing; it is confirmed, so that the worker forgets it.
    worker.answer(request, "stale");
    await world.settle();
    expect(worker.kinds.at(-1)).toBe(FRAME.replyAck);
    expect((await world.runs())[0]?.status).toBe("RUNNING");
  });

  test("a worker whose connection broke comes back for its request", async () => {
    const worker = await world.worker();
    const runId = await world.send();
    const request = worker.request();
    worker.cut();
    await world.advance(3_000);
    const back = await world.worker();
    back.extend(request);
    expect(back.extensions).toEqual([request.leaseId]);
    await world.advance(10_000);
    back.answer(request, "kept");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect(back.requests).toHaveLength(0);
  });

  test("an answer that is delivered by a flush counts while the request is its worker's", async () => {
    const worker = await world.worker();
    const runId = await world.send();
    worker.cut();
    await world.advance(2_000);
    expect(await world.connect.flush(replyTo(worker.request(), "flushed"))).toBe(true);
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"flushed"' });
  });

  test("a step that kills every worker it meets is a failed attempt in the end", async () => {
    (await world.worker()).cut();
    const runId = await world.send();
    for (let count = 0; count < 3; count++) {
      const worker = await world.worker({ instanceId: `w${count}` });
      await world.advance(1_000);
      expect(worker.requests).toHaveLength(1);
      worker.cut();
      await world.advance(5_000);
    }
    const [attempt] = (await world.engine.store.history.runDetail(runId))?.attempts ?? [];
    expect(attempt?.error).toContain("connect_worker_stopped_responding");
  });

  test("a request that a worker does not take is offered to others", async () => {
    const [one, two] = [await world.worker(), await world.worker({ instanceId: "two" })];
    one.onRequest = () => {};
    two.onRequest = () => {};
    await world.send();
    await world.advance(5_000);
    expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
    expect(one.requests[0]?.requestId).toBe(two.requests[0]?.requestId);
    expect(one.requests[0]?.leaseId).not.toBe(two.requests[0]?.leaseId);
  });
});

describe("holds", () => {
  test("a run whose worker turns out to be gone is shown as held, though nothing of it was stored", async () => {
    const worker = await world.worker();
    worker.onRequest = () => worker.cut();
    const runId = await world.send();
    let told: string | undefined;
    world.engine.live.watch((change) => {
      if (change.kind === "run" && change.run.id === runId) void reasonOf(runId).then((reason) => (told = reason));
    });
    await world.advance(5_000);
    expect(told).toBe("no-worker-connected");
  });

  test("without a worker runs wait, say why, and start when one is ready", async () => {
    const first = await world.worker();
    first.cut();
    const runId = await world.send();
    expect([(await world.run(runId))?.status, await reasonOf(runId)]).toEqual(["QUEUED", "no-worker-connected"]);
    await world.advance(40_000);
    const timers = world.clock.timerCount;
    await world.advance(60_000);
    // Nothing polls.
    expect(world.clock.timerCount).toBe(timers);
    const worker = await world.introduce();
    expect(worker.requests).toHaveLength(0);
    worker.say(FRAME.workerReady);
    await world.settle();
    expect(worker.requests.map((request) => request.runId)).toEqual([runId]);
  });

  test("a full worker gets no more; what waits goes when a place is free", async () => {
    const worker = await world.worker({ limit: 2 });
    const runs = [await world.send(), await world.send(), await world.send()];
    expect(worker.requests).toHaveLength(2);
    expect(await reasonOf(runs[2] ?? "")).toBe("workers-at-capacity");
    worker.answer(worker.request(), 1);
    await world.settle();
    expect(worker.requests.map(({ runId }) => runId)).toEqual(runs);
  });

  test("work waits for a worker that has the function", async () => {
    const old = await world.worker({ version: "1" });
    const current = await world.worker({ version: "2", functions: ["shop-import", "shop-export"] });
    current.cut();
    const runId = await world.send("shop/export");
    expect([old.requests.length, await reasonOf(runId)]).toEqual([0, "no-worker-connected"]);
    const back = await world.worker({ version: "2", functions: ["shop-import", "shop-export"] });
    expect(back.requests).toHaveLength(1);
  });

  test("a worker that pauses finishes what it has and gets nothing new", async () => {
    const worker = await world.worker();
    const first = await world.send();
    worker.say(FRAME.workerPause);
    const second = await world.send();
    expect([worker.requests.length, await reasonOf(second)]).toEqual([1, "no-worker-connected"]);
    await world.advance(15_000);
    worker.extend(worker.request());
    await world.advance(15_000);
    worker.answer(worker.request(), 1);
    await world.settle();
    expect((await world.run(first))?.status).toBe("COMPLETED");
  });
});

describe("who may connect", () => {
  test.each([
    ["no JSON", "]["],
    ["a function that can't be right", JSON.stringify([{ id: "shop-import", name: "x", triggers: [], steps: {} }])],
  ])("functions that are refused end the connection: %s", async (_what, config) => {
    const worker = await world.introduce({ config });
    expect(worker.kinds).toContain(FRAME.syncFailed);
    expect(worker.socket.closedWith).toEqual([1008, "connect_invalid_function_config"]);
  });

  test("a token of another server, of another connection, or from long ago opens nothing", async () => {
    const elsewhere = await connectWorld();
    const other = elsewhere.connect.ticket()?.sessionToken ?? "";
    const old = world.connect.ticket()?.sessionToken ?? "";
    for (const token of ["", "x.y.z", other, old]) {
      const worker = await world.introduce({ token });
      expect(worker.socket.closedWith).toEqual([1008, "connect_authentication_failed"]);
    }
    await elsewhere.stop();
    expect(world.connect.workers.size).toBe(0);
  });

  test("a token opens one connection, also where two ask at the same instant", async () => {
    const ticket = world.connect.ticket();
    const both = await Promise.all([world.introduce({ ticket }), world.introduce({ ticket })]);
    expect(both.map(({ socket }) => socket.closedWith?.[1])).toEqual([undefined, "connect_authentication_failed"]);
    expect(world.connect.workers.size).toBe(1);
  });

  test("connections that say nothing are few, and end", async () => {
    const silent = Array.from({ length: 100 }, () => world.open());
    expect(world.connect.hasRoom).toBe(false);
    await world.advance(5_000);
    expect(silent.map(({ socket }) => socket.closedWith?.[1])).toEqual(silent.map(() => "connect_worker_hello_timeout"));
    expect(world.connect.hasRoom).toBe(true);
  });

  test("workers whose registration waits, for a store that hangs, have a place each", async () => {
    const worker = decode(workerConnect, new Uint8Array(0));
    const waiting = Array.from({ length: CONNECT_WORKERS_MAX }, (_, index) =>
      world.connect.sync({ ...worker, connectionId: String(index) }),
    );
    expect([world.connect.hasRoom, world.connect.ticket()]).toEqual([false, undefined]);
    await Promise.all(waiting);
    expect(world.connect.hasRoom).toBe(true);
  });

  test("a worker that shows no life is gone after 50 s, and what it had is another's", async () => {
    const worker = await world.introduce();
    worker.say(FRAME.workerReady);
    await world.settle();
    expect(world.connect.workers.size).toBe(1);
    await world.advance(50_000);
    expect([world.connect.workers.size, worker.socket.closedWith]).toEqual([0, [1008, "CONSECUTIVE_HEARTBEATS_MISSED"]]);
  });
});

test("a worker that does not read what it is sent is not read either", async () => {
  const worker = await world.worker();
  worker.socket.bufferedAmount = 17 * 1_024 * 1_024;
  worker.say(FRAME.workerHeartbeat);
  expect(worker.socket.isPaused).toBe(true);
  worker.socket.bufferedAmount = 0;
  world.connect.drain(true);
  expect(worker.socket.isPaused).toBe(false);
});

describe("why a worker left", () => {
  test.each<[string, (worker: FakeWorker) => unknown, LeaveReason]>([
    ["it ends normally", (worker) => worker.cut(1000), "WORKER_SHUTDOWN"],
    ["it says that it pauses, and ends without a code", (worker) => (worker.say(FRAME.workerPause), worker.cut(1005)), "WORKER_SHUTDOWN"],
    ["it is killed", (worker) => worker.cut(1006), "UNEXPECTED"],
    ["it sends too large a message", (worker) => worker.cut(1009), "MESSAGE_TOO_LARGE"],
    ["the server stops", () => world.connect.close(), "GATEWAY_DRAINING"],
  ])("%s", async (_what, act, reason) => {
    const worker = await world.introduce();
    worker.say(FRAME.workerReady);
    await world.settle();
    act(worker);
    await world.settle();
    expect(world.connect.workers.left()).toMatchObject([{ facts: { instanceId: "w" }, leave: { at: world.clock.now(), reason } }]);
  });

  test("it was silent", async () => {
    const worker = await world.introduce();
    worker.say(FRAME.workerReady);
    await world.advance(50_000);
    expect(world.connect.workers.left()).toMatchObject([{ leave: { reason: "CONSECUTIVE_HEARTBEATS_MISSED" } }]);
  });

  test("the newest are remembered", async () => {
    for (let n = 0; n < 502; n++) (await world.introduce({ instanceId: `w${n}` })).cut();
    const left = world.connect.workers.left();
    expect([left.length, left[0]?.facts.instanceId, left.at(-1)?.facts.instanceId]).toEqual([500, "w501", "w2"]);
  });
});

test("a server that stops lets its workers finish", async () => {
  const worker = await world.worker();
  const runId = await world.send();
  world.connect.drain(true);
  expect([worker.kinds.at(-1), world.connect.hasRoom, world.connect.isDraining]).toEqual([FRAME.gatewayClosing, false, true]);
  const stopped = world.engine.stop(10_000);
  worker.answer(worker.request(), "finished");
  await world.settle();
  await stopped;
  expect(await world.run(runId)).toMatchObject({ status: "COMPLETED" });
  world.connect.close();
  expect(worker.socket.closedWith).toEqual([1001, "connect_gateway_closing"]);
});
