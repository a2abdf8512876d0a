/** The queue as seen from outside: order, slots, and what happens to work in progress when a node ends. */
import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, it } from "vitest";
import { START, type TestFunction, type World, worldOf } from "./world.fixture.ts";

describe("semantics 9.3 scheduling", () => {
  it("a timer goes off at its very time, and what is due goes at once: nothing is polled", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          await step.run("a", () => 1);
          await step.sleep("nap", "1234ms");
          await step.run("b", () => 1);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect(world.callTimes("f")).toEqual([0, 0, 1_234, 1_234]);
  });

  it("no more calls than workers are made at once, whatever is due", async () => {
    const world = await worldOf({ f: { script: ({ step }) => step.run("w", () => world.takes("1s")) } }, { engine: { workers: 3 } });
    for (let n = 0; n < 7; n++) await world.send("shop/f");
    await world.advance("900ms");
    expect(world.calls("f")).toHaveLength(3);
    await world.advance("3s");
    expect(world.calls("f").length).toBe(14);
    expect(await world.statuses("f")).toEqual(Array.from({ length: 7 }, () => "COMPLETED"));
  });

  it("a shutdown waits for calls in progress, starts nothing more, and what is left goes on with the next start", async () => {
    const store = openMemoryStore();
    const first = await worldOf(
      {
        f: {
          options: { concurrency: 1 },
          script: async ({ step }) => {
            await step.run("work", () => first.takes("5s"));
            return "first node";
          },
        },
      },
      { engine: { store } },
    );
    await first.send("shop/f");
    await first.send("shop/f");
    const stopped = first.server.engine.stop(60_000);
    await first.advance("5s");
    await stopped;
    expect(first.calls("f")).toHaveLength(1);
    const second = await worldOf(
      { f: { options: { concurrency: 1 }, script: ({ step }) => step.run("work", () => "second node") } },
      { engine: { store } },
    );
    await second.advance("10s");
    const runs = await second.runs("f");
    expect(runs.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
    const results = await Promise.all(runs.map(async ({ id }) => (await second.steps(id))["work"]?.result));
    expect(results).toEqual(['{"data":null}', '{"data":"second node"}']);
  });

  it("a call that takes longer than a shutdown waits is cut off and made again, with the same attempt and a higher generation", async () => {
    const store = openMemoryStore();
    const first = await worldOf({ f: { script: ({ step }) => step.run("work", () => first.takes("1h")) } }, { engine: { store } });
    await first.send("shop/f");
    const stopped = first.server.engine.stop(10_000);
    await first.advance("10s");
    await stopped;
    const second = await worldOf({ f: { script: ({ step }) => step.run("work", () => "done") } }, { engine: { store } });
    await second.advance("1m");
    expect((await second.run("f")).status).toBe("COMPLETED");
    const [call] = second.calls("f");
    expect([call?.attempt, (call?.generation ?? 0) > 1]).toEqual([0, true]);
  });
});

describe("semantics 9.6 durability", () => {
  /** The same functions before and after a restart. */
  function functions(world: () => World): Readonly<Record<string, TestFunction>> {
    return {
      sleep: { script: ({ step }) => step.sleep("nap", "1h") },
      wait: { script: ({ step }) => step.waitForEvent("w", { event: "shop/go", timeout: "1h" }) },
      retry: {
        script: ({ attempt }) => {
          if (attempt === 0) throw new Error("busy");
          return "done";
        },
      },
      future: { script: () => "done" },
      debounce: { options: { debounce: { period: "1h" } }, script: ({ event }) => event.data["n"] },
      batch: { options: { batchEvents: { maxSize: 3, timeout: "1h" } }, script: ({ events }) => events.length },
      throttle: { options: { throttle: { limit: 1, period: "1h" } }, script: () => world().now() },
      single: { options: { singleton: { mode: "skip" } }, script: ({ step }) => step.sleep("nap", "1h") },
      runs: { options: { concurrency: { fn: [{ limit: 1 }] } }, script: ({ step }) => step.sleep("nap", "1h") },
      rate: { options: { rateLimit: { limit: 1, period: "1h" } }, script: () => "done" },
      once: { script: () => "done" },
    };
  }

  it("sleeps, waits, retries, holds and limits are as they were after a restart", async () => {
    const store = openMemoryStore();
    const first: World = await worldOf(
      functions(() => first),
      { engine: { store } },
    );
    for (const name of ["sleep", "wait", "retry", "throttle", "throttle", "single", "runs", "runs", "rate", "batch"])
      await first.send(`shop/${name}`);
    await first.send("shop/future", {}, { ts: START + 1_800_000 });
    await first.send("shop/debounce", { n: 1 });
    await first.send("shop/once", {}, { id: "A" });
    const stopped = first.server.engine.stop(0);
    await first.advance("0");
    await stopped;

    const second: World = await worldOf(
      functions(() => second),
      { engine: { store }, startAfterMs: 60_000 },
    );
    for (const name of ["single", "rate", "batch", "go"]) await second.send(`shop/${name}`);
    await second.send("shop/once", {}, { id: "A" });
    await second.advance("3h");
    const seen = async (name: string): Promise<readonly unknown[]> => (await second.runs(name)).map(({ status, ended }) => [status, ended]);
    expect(await seen("sleep")).toEqual([["COMPLETED", 3_600_000]]);
    expect(await seen("wait")).toEqual([["COMPLETED", 60_000]]);
    expect(await seen("retry")).toEqual([["COMPLETED", 60_000]]);
    expect(await seen("future")).toEqual([["COMPLETED", 1_800_000]]);
    expect(await seen("debounce")).toEqual([["COMPLETED", 3_600_000]]);
    expect((await second.runs("batch")).map(({ output, ended }) => [output, ended])).toEqual([[2, 3_600_000]]);
    expect(await seen("throttle")).toEqual([
      ["COMPLETED", 0],
      ["COMPLETED", 3_600_000],
    ]);
    expect((await second.runs("single")).map(({ status }) => status)).toEqual(["COMPLETED", "SKIPPED"]);
    expect(await seen("runs")).toEqual([
      ["COMPLETED", 3_600_000],
      ["COMPLETED", 7_200_000],
    ]);
    expect([(await second.runs("rate")).length, (await second.runs("once")).length]).toEqual([1, 1]);
  });
});

describe("semantics 9.4 ordering rules", () => {
  it("runs of one function go in the order in which they were queued", async () => {
    const world = await worldOf({
      f: { options: { concurrency: 1 }, script: ({ step }) => step.run("w", () => world.takes("1s")) },
    });
    for (let n = 0; n < 5; n++) await world.send("shop/f", { n });
    await world.advance("10s");
    const first = new Map(world.calls("f").map(({ body }) => [body.event.data["n"], body]));
    expect([...first.keys()]).toEqual([0, 1, 2, 3, 4]);
  });

  it("steps of older runs go before starts of newer ones", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 1 },
        script: async ({ step }) => {
          await step.run("a", () => world.takes("1s"));
          await step.run("b", () => world.takes("1s"));
        },
      },
    });
    await world.send("shop/f", { n: 1 });
    await world.send("shop/f", { n: 2 });
    await world.advance("10s");
    expect(world.calls("f").map(({ body }) => body.event.data["n"])).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it("a retry keeps its own time, and others go meanwhile", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 1 },
        script: ({ event, attempt }) => {
          if (event.data["n"] === 1 && attempt === 0) throw new Error("busy");
          return "done";
        },
      },
    });
    await world.send("shop/f", { n: 1 });
    await world.send("shop/f", { n: 2 });
    await world.advance("1m");
    expect(world.calls("f").map(({ at, body }) => [at, body.event.data["n"]])).toEqual([
      [0, 1],
      [0, 2],
      [15_000, 1],
    ]);
  });

  it("a full function does not keep another one waiting", async () => {
    const world = await worldOf({
      full: { options: { concurrency: 1 }, script: ({ step }) => step.run("w", () => world.takes("1h")) },
      free: { script: () => 1 },
    });
    for (let n = 0; n < 3; n++) await world.send("shop/full");
    await world.send("shop/free");
    expect(await world.statuses("free")).toEqual(["COMPLETED"]);
  });
});

describe("semantics 9.1 data model", () => {
  it("a run's queue items are listed while it goes on", async () => {
    const world = await worldOf({ f: { script: ({ step }) => step.sleep("nap", "1h") } });
    await world.send("shop/f");
    const { id } = await world.run("f");
    const { body } = await world.get(`/v1/runs/${id}/jobs`);
    expect(body.data).toHaveLength(1);
    expect((await world.items(id)).map(({ kind, attempt, dueAt }) => [kind, attempt, dueAt - world.server.clock.now()])).toEqual([
      ["sleep", 0, 3_600_000],
    ]);
  });
});
