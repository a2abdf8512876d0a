/** A server that is stopped while its workers work, and the one that comes after. */
import { type ExecutorRequest, FRAME, type WireOp, type WorkerReply } from "@pawl/protocol";
import { openMemoryStore } from "@pawl/store-memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CheckpointResult } from "../core/checkpoints.ts";
import { given } from "../json.ts";
import { ManualClock, START } from "../ports/manual-clock.fixture.ts";
import { type ConnectWorld, connectWorld, type FakeWorker, replyTo } from "./connect.fixture.ts";

let world: ConnectWorld;
let store: ReturnType<typeof openMemoryStore>;
let worker: FakeWorker;
let request: ExecutorRequest;
let runId: string;

beforeEach(async () => {
  store = openMemoryStore();
  world = await connectWorld(store);
  worker = await world.worker();
  runId = await world.send();
  request = worker.request();
});

afterEach(async () => {
  await world.stop();
  expect(world.logged).toEqual([]);
});

/** The server is stopped, and another one starts a minute later at most. */
async function restarted({ afterMs = 3_000 } = {}): Promise<void> {
  await world.handOver();
  store = openMemoryStore({ snapshot: store.snapshot() });
  world = await connectWorld(store, new ManualClock(START + afterMs));
}

describe("what a worker has when the server stops", () => {
  test("is not made anew: the worker goes on with it, and its answer counts", async () => {
    await restarted();
    const back = await world.worker();
    expect(back.requests).toHaveLength(0);
    back.extend(request);
    expect(back.extensions).toEqual([request.leaseId]);
    for (let count = 0; count < 10; count++) {
      await world.advance(5_000);
      back.extend(request);
    }
    back.answer(request, "kept");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect([back.requests.length, back.kinds.at(-1), back.extensions.includes(undefined)]).toEqual([0, FRAME.replyAck, false]);
  });

  test("takes a place of the worker", async () => {
    await restarted();
    const back = await world.worker({ limit: 1 });
    back.extend(request);
    await world.send();
    expect(back.requests).toHaveLength(0);
    back.answer(request, "kept");
    await world.settle();
    expect(back.requests).toHaveLength(1);
  });

  test("is another's when the worker is lost", async () => {
    await restarted();
    const back = await world.worker();
    back.extend(request);
    await world.settle();
    back.cut();
    const other = await world.worker({ instanceId: "other" });
    await world.advance(6_000);
    expect(other.requests).toHaveLength(1);
  });

  test("is made anew when nobody comes back with it in time; who comes later has lost it", async () => {
    await restarted();
    const other = await world.worker({ instanceId: "other" });
    await world.advance(9_999);
    expect(other.requests).toHaveLength(0);
    await world.advance(1);
    expect(other.requests).toHaveLength(1);
    const back = await world.worker();
    back.extend(request);
    expect(back.extensions).toEqual([undefined]);
  });

  test("is not expected any more after a minute", async () => {
    await restarted({ afterMs: 60_001 });
    expect((await world.worker()).requests).toHaveLength(1);
  });

  test("may be answered before its call is made: no call is made", async () => {
    await restarted();
    let isConfirmed: boolean | undefined;
    void world.connect.flush(replyTo(request, "kept")).then((confirmed) => (isConfirmed = confirmed));
    const back = await world.worker();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect([isConfirmed, back.requests.length]).toEqual([true, 0]);
  });

  test("may be answered while its call waits for it", async () => {
    await restarted();
    const back = await world.worker();
    await world.advance(2_000);
    back.answer(request, "kept");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect([back.requests.length, back.kinds.at(-1)]).toEqual([0, FRAME.replyAck]);
  });

  describe("may save steps", () => {
    const step = { op: "StepRun", id: "a", name: "a", data: 1, opts: {}, userland: { id: "a" } };
    const save = (generation?: number) => {
      const ops = [step as unknown as WireOp];
      return world.engine.checkpoint({ runId, itemId: request.jobId, ops, ...given("generation", generation) });
    };
    const before = (): number => JSON.parse(new TextDecoder().decode(request.requestPayload)).ctx.generation_id;

    test.each([false, true])("before it is back, and then its answer counts; saying its generation: %s", async (saysGeneration) => {
      const generation = saysGeneration ? before() : undefined;
      await restarted();
      let result: CheckpointResult | undefined;
      void save(generation).then((saved) => (result = saved));
      await world.advance(3_000);
      expect(result).toBeUndefined();
      const back = await world.worker();
      expect(result).toEqual({ kind: "saved" });
      back.extend(request);
      await world.settle();
      expect(await save(generation)).toEqual({ kind: "saved" });
      back.answer(request, "kept");
      await world.settle();
      expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"', stepsDone: 1 });
    });

    test("not after it was made anew", async () => {
      const generation = before();
      await restarted();
      await world.worker({ instanceId: "other" });
      expect(await save(generation)).toEqual({ kind: "saved" });
      await world.advance(10_000);
      expect(await save(generation)).toEqual({ kind: "stale" });
    });

    test("not of another call, and not for ever", async () => {
      const generation = before();
      await restarted();
      expect(await save(generation + 1)).toEqual({ kind: "stale" });
      let result: CheckpointResult | undefined;
      void save(generation).then((saved) => (result = saved));
      await world.advance(60_000);
      expect(result).toEqual({ kind: "stale" });
    });
  });

  test("ends with its run", async () => {
    await restarted();
    const back = await world.worker({ limit: 1 });
    await world.engine.cancel(runId, "Cancelled by the test.");
    await world.settle();
    back.extend(request);
    const next = await world.send();
    expect(back.requests.map((each) => each.runId)).toEqual([next]);
  });

  test.each(["while its call waits", "before its call is made"])("is its worker's after a second restart, %s", async (when) => {
    await restarted();
    if (when === "while its call waits") await world.worker({ instanceId: "other" });
    await restarted({ afterMs: 9_000 });
    const back = await world.worker();
    back.extend(request);
    back.answer(request, "kept");
    await world.settle();
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
    expect(back.requests).toHaveLength(0);
  });

  test("is told once: a second restart expects nothing that was not there", async () => {
    await restarted();
    expect(await world.engine.store.cellsOfKind({ kind: "underway", limit: 9 })).toEqual([]);
  });
});

describe("while a server stops", () => {
  async function stopping(act: () => void): Promise<void> {
    world.connect.drain(false);
    const stopped = world.engine.stop(0);
    await world.advance(0);
    await stopped;
    act();
    await world.settle();
  }

  test.each<[string, Partial<WorkerReply>]>([
    ["that it waited for until now", {}],
    ["to another request", { requestId: "01K00000000000000000000000" }],
  ])("an answer %s is not confirmed: the next server gets it", async (_what, over) => {
    const before = worker.kinds.length;
    await stopping(() => worker.answer(request, "kept", over));
    expect(worker.kinds.slice(before)).not.toContain(FRAME.replyAck);
  });

  test("an answer to what was asked before it started, and that no call has asked for, is not confirmed", async () => {
    await restarted();
    let isConfirmed: boolean | undefined;
    void world.connect.flush(replyTo(request, "kept")).then((confirmed) => (isConfirmed = confirmed));
    await stopping(() => {});
    expect(isConfirmed).toBe(false);
  });

  test("no lease is taken away", async () => {
    await stopping(() => worker.extend(request));
    expect(worker.extensions).toEqual([request.leaseId]);
  });

  test("answers in its time to do so count", async () => {
    world.connect.drain(false);
    const stopped = world.engine.stop(10_000);
    await world.advance(1_000);
    worker.answer(request, "kept");
    await world.settle();
    await stopped;
    expect(await world.run(runId)).toMatchObject({ status: "COMPLETED", output: '"kept"' });
  });
});
