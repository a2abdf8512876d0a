/** Flow control: throttle, rate limit, priority. */
import { describe, expect, it } from "vitest";
import { NoRetryError, worldOf } from "./world.fixture.ts";
import { begins, invoking, limited, reasons, sendMany } from "./flow.fixture.ts";

describe("semantics 6.3 throttle", () => {
  it.each([
    [{ limit: 3, period: "6s" }, 6, [0, 0, 0, 2, 4, 6]],
    [{ limit: 1, period: "3s" }, 3, [0, 3, 6]],
    [{ limit: 1, period: "3s", burst: 2 }, 5, [0, 0, 0, 3, 6]],
    [{ limit: 0, period: "1s" }, 2, [0, 1]],
  ])("%j: of %i events the runs begin at %j s", async (throttle, count, expected) => {
    const world = await limited({ throttle });
    await sendMany(world, count);
    await world.advance("1m");
    expect(await begins(world)).toEqual(expected);
  });

  it("runs over the limit wait, and none is dropped", async () => {
    const world = await limited({ throttle: { limit: 1, period: "10s" } });
    await sendMany(world, 3);
    expect(await world.statuses("f")).toEqual(["COMPLETED", "QUEUED", "QUEUED"]);
    await world.advance("20s");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("each value of the key has its own; events without it share one", async () => {
    const world = await limited({ throttle: { limit: 1, period: "10s", key: "event.data.user" } });
    for (const data of [{ user: "a" }, { user: "a" }, { user: "b" }, {}, {}]) await world.send("shop/f", data);
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 10, 0, 0, 10]);
  });

  it("only the start counts: later steps and retries are free", async () => {
    const world = await worldOf({
      f: {
        options: { throttle: { limit: 1, period: "1h" } },
        script: async ({ step, attempt }) => {
          if (attempt === 0 && world.now() === 0) throw new Error("busy");
          for (let n = 0; n < 3; n++) await step.run(`s${n}`, () => n);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", ended: 15_000 });
  });

  it("a limit that is raised counts at once", async () => {
    const world = await limited({ throttle: { limit: 1, period: "1h" } });
    await sendMany(world, 3);
    await world.advance("1s");
    await world.register({ f: {} });
    await world.advance("1s");
    expect(await begins(world)).toEqual([0, 1, 1]);
  });
});

describe("semantics 6.4 rate limit and idempotency", () => {
  it("as many runs as the limit says, at once, in any period (#1460); the rest is dropped with a reason", async () => {
    const world = await limited({ rateLimit: { limit: 5, period: "1m" } });
    const ids = await sendMany(world, 7);
    expect(await world.runs("f")).toHaveLength(5);
    expect(await Promise.all(ids.map((id) => reasons(world, id)))).toEqual([[], [], [], [], [], ["rate-limit"], ["rate-limit"]]);
    await world.advance("59s");
    await sendMany(world, 1);
    expect(await world.runs("f")).toHaveLength(5);
    await world.advance("1s");
    await sendMany(world, 1);
    expect(await world.runs("f")).toHaveLength(6);
  });

  it("the event is stored, and other functions run", async () => {
    const world = await worldOf({
      f: { options: { rateLimit: { limit: 1, period: "1h" } }, script: () => 1 },
      other: { on: "shop/f", script: () => 1 },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    expect([(await world.runs("f")).length, (await world.runs("other")).length]).toEqual([1, 2]);
    expect(await world.events("shop/f")).toHaveLength(2);
  });

  it("each value of the key counts by itself; without it nothing is limited", async () => {
    const world = await limited({ rateLimit: { limit: 1, period: "1h", key: "event.data.user" } });
    for (const data of [{ user: "a" }, { user: "a" }, { user: "b" }, {}, {}, { user: false }, { user: false }])
      await world.send("shop/f", data);
    expect(await world.runs("f")).toHaveLength(6);
  });

  it("whoever invokes a limited function is told", async () => {
    const world = await invoking({ rateLimit: { limit: 1, period: "1h" } });
    await world.send("shop/parent");
    await world.send("shop/parent");
    await world.advance("1s");
    const [, second] = await world.runs("parent");
    expect(second?.status).toBe("COMPLETED");
    expect(JSON.stringify(second?.output)).toContain("rate limit");
  });

  it("an idempotency key admits one run in 24 hours, whatever became of it", async () => {
    const world = await worldOf({
      f: {
        options: { idempotency: "event.data.order" },
        script: () => {
          throw new NoRetryError("no");
        },
      },
    });
    const first = await world.send("shop/f", { order: 1 });
    const second = await world.send("shop/f", { order: 1 });
    await world.send("shop/f", { order: 2 });
    expect([await reasons(world, first), await reasons(world, second)]).toEqual([[], ["idempotency-key"]]);
    expect(await world.runs("f")).toHaveLength(2);
    await world.advance("1d");
    await world.send("shop/f", { order: 1 });
    expect(await world.runs("f")).toHaveLength(3);
  });

  it("without the key there is no idempotency", async () => {
    const world = await limited({ idempotency: "event.data.order" });
    await sendMany(world, 2);
    expect(await world.runs("f")).toHaveLength(2);
  });

  it("a rate limit and an idempotency key apply both", async () => {
    const world = await limited({ rateLimit: { limit: 2, period: "1h" }, idempotency: "event.data.order" });
    const ids = [];
    for (const order of [1, 1, 2, 3]) ids.push(await world.send("shop/f", { order }));
    expect(await Promise.all(ids.map((id) => reasons(world, id)))).toEqual([[], ["idempotency-key"], [], ["rate-limit"]]);
  });

  it("events are counted when they come, not when a batch of them becomes a run", async () => {
    const world = await limited({ rateLimit: { limit: 2, period: "1h" }, batchEvents: { maxSize: 5, timeout: "10s" } });
    const ids = await sendMany(world, 3);
    expect(await reasons(world, ids[2] ?? "")).toEqual(["rate-limit"]);
    await world.advance("10s");
    expect((await world.run("f")).eventIds).toEqual(ids.slice(0, 2));
  });

  it("a rerun is not limited", async () => {
    const world = await limited({ rateLimit: { limit: 1, period: "1h" } });
    await sendMany(world, 1);
    await world.server.engine.rerun((await world.run("f")).id);
    await world.advance("1s");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED"]);
  });
});

describe("semantics 6.7 priority", () => {
  /** Order in which runs began whose events have these priorities, sent a second apart while the function is busy. */
  async function orderOf(expression: string, priorities: readonly unknown[]): Promise<readonly unknown[]> {
    const world = await worldOf({
      f: {
        options: { concurrency: 1, priority: { run: expression } },
        script: ({ step, event }) => step.run("w", () => world.takes(event.data["n"] === 0 ? "30s" : "1s")),
      },
    });
    await world.send("shop/f", { n: 0 });
    for (const [index, priority] of priorities.entries()) {
      await world.advance("1s");
      await world.send("shop/f", { n: index + 1, priority });
    }
    await world.advance("2m");
    const order = (await world.runs("f")).slice(1).toSorted((a, b) => (a.began ?? 0) - (b.began ?? 0));
    const events = await Promise.all(order.map(({ eventIds: [id = ""] }) => world.server.engine.store.history.eventById(id)));
    return events.map((event) => (JSON.parse(event?.body ?? "{}") as { data: { n: number } }).data.n);
  }

  it("a run goes before those that were queued up to so many seconds before it", async () => {
    expect(await orderOf("event.data.priority", [0, 0, 120, 60])).toEqual([3, 4, 1, 2]);
    expect(await orderOf("event.data.priority", [0, 0, 1.5])).toEqual([1, 2, 3]);
    expect(await orderOf("event.data.priority", [-10, 0])).toEqual([2, 1]);
  });

  it("literals and conditions work, and what is no number counts as 0", async () => {
    expect(await orderOf("event.data.priority == 'high' ? 100 : 0", ["low", "high"])).toEqual([2, 1]);
    expect(await orderOf("event.data.priority", ["a", null, "b"])).toEqual([1, 2, 3]);
  });

  it("it is bounded by twelve hours", async () => {
    expect(await orderOf("event.data.priority", [50_000, 43_200, 0])).toEqual([1, 2, 3]);
  });
});
