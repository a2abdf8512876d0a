/** What stands between an event and its run: throttle, rate limit, idempotency, priority, singleton, timeouts, pausing. */
import { describe, expect, it } from "vitest";
import { NoRetryError, START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function of these options whose runs end at once, or take the time that the event says. */
function limited(options: Readonly<Record<string, unknown>>): Promise<World> {
  const world: Promise<World> = worldOf({
    f: {
      options,
      script: async ({ step, event }) => {
        const duration = event.data["takes"];
        if (typeof duration === "string") await step.sleep("nap", duration);
        return event.data["n"] ?? null;
      },
    },
  });
  return world;
}

async function sendMany(world: World, count: number, data: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await world.send("shop/f", { ...data, n }));
  return ids;
}

/** When the runs began, seconds. */
async function begins(world: World): Promise<readonly number[]> {
  return (await world.runs("f")).map(({ began }) => (began ?? Number.NaN) / 1_000);
}

async function reasons(world: World, eventId: string): Promise<readonly string[]> {
  return (await world.outcomes(eventId)).map(({ reason }) => reason);
}

/** A parent that invokes `shop-f` and gives back what came of it, beside the function itself. */
async function invoking(options: Readonly<Record<string, unknown>>): Promise<World> {
  return worldOf({
    f: { options, script: ({ step }) => step.sleep("nap", "1m") },
    parent: {
      script: async ({ step, event }) => {
        try {
          return { result: await step.invoke("call", { function_id: "shop-f", payload: { data: event.data }, timeout: "1d" }) };
        } catch (error) {
          return { error: String(error) };
        }
      },
    },
  });
}

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

describe("semantics 6.8 singleton", () => {
  it("skip: while a run is under way, also asleep, new ones are kept as skipped with the reason", async () => {
    const world = await limited({ singleton: { mode: "skip" } });
    await world.send("shop/f", { takes: "10s" });
    const id = await world.send("shop/f");
    await world.advance("5s");
    await world.send("shop/f");
    expect(await world.statuses("f")).toEqual(["RUNNING", "SKIPPED", "SKIPPED"]);
    const [first, skipped] = await world.runs("f");
    expect(await world.outcomes(id)).toMatchObject([{ reason: "singleton", detail: first?.id }]);
    expect(await world.items(skipped?.id ?? "")).toEqual([]);
    await world.advance("5s");
    await world.send("shop/f");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "SKIPPED", "SKIPPED", "COMPLETED"]);
    expect(world.calls("f")).toHaveLength(3);
  });

  it("cancel: the run under way is cancelled, the new one goes", async () => {
    const world = await limited({ singleton: { mode: "cancel" } });
    for (let n = 0; n < 3; n++) {
      await world.send("shop/f", { takes: "5s" });
      await world.advance("1s");
    }
    await world.advance("10s");
    expect((await world.runs("f")).map(({ status, ended }) => [status, ended])).toEqual([
      ["CANCELLED", 1_000],
      ["CANCELLED", 2_000],
      ["COMPLETED", 7_000],
    ]);
  });

  it("of several events at once the last one has the run", async () => {
    const world = await limited({ singleton: { mode: "cancel" } });
    await world.server.engine.send(Array.from({ length: 5 }, (_, n) => ({ name: "shop/f", data: { n, takes: "1s" } })));
    await world.advance("2s");
    const runs = await world.runs("f");
    expect(runs.filter(({ status }) => status === "COMPLETED").map(({ output }) => output)).toEqual([4]);
    expect(runs.every(({ status }) => status === "COMPLETED" || status === "CANCELLED")).toBe(true);
  });

  it("each value of the key has its own; without it runs are free", async () => {
    const world = await limited({ singleton: { mode: "skip", key: "event.data.user" } });
    for (const user of ["a", "a", "b", undefined, undefined])
      await world.send("shop/f", { takes: "1m", ...(user === undefined ? {} : { user }) });
    expect(await world.statuses("f")).toEqual(["RUNNING", "SKIPPED", "RUNNING", "RUNNING", "RUNNING"]);
  });

  it("it is free again when its run fails or is cancelled", async () => {
    const world = await limited({ singleton: { mode: "skip" } });
    await world.send("shop/f", { takes: "1h" });
    await world.cancel((await world.run("f")).id);
    await world.send("shop/f");
    expect(await world.statuses("f")).toEqual(["CANCELLED", "COMPLETED"]);
  });

  it("whoever invokes a function that is skipped is told", async () => {
    const world = await invoking({ singleton: { mode: "skip" } });
    await world.send("shop/parent");
    await world.send("shop/parent");
    await world.advance("1s");
    const [, second] = await world.runs("parent");
    expect(second?.status).toBe("COMPLETED");
    expect(JSON.stringify(second?.output)).toContain("only one may be");
  });
});

describe("semantics 6.9 combinations", () => {
  it("limits come before the debounce: what is limited does not put it off", async () => {
    const world = await limited({ rateLimit: { limit: 1, period: "1h" }, debounce: { period: "10s" } });
    await world.send("shop/f", { n: 1 });
    await world.advance("5s");
    await world.send("shop/f", { n: 2 });
    await world.advance("5s");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: 1, began: 10_000 });
  });

  it("a singleton counts after the debounce", async () => {
    const world = await limited({ singleton: { mode: "skip" }, debounce: { period: "1s" } });
    await world.send("shop/f", { n: 1, takes: "1m" });
    await world.advance("1s");
    await world.send("shop/f", { n: 2 });
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
    await world.advance("1s");
    expect(await world.statuses("f")).toEqual(["RUNNING", "SKIPPED"]);
  });

  it("a throttled run waits with its singleton held", async () => {
    const world = await limited({ throttle: { limit: 1, period: "10s" }, singleton: { mode: "skip", key: "event.data.user" } });
    for (const user of ["a", "b", "b"]) await world.send("shop/f", { user });
    expect(await world.statuses("f")).toEqual(["COMPLETED", "QUEUED", "SKIPPED"]);
    await world.advance("10s");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED", "SKIPPED"]);
  });

  it("a throttle and a limit on runs hold both", async () => {
    const world = await limited({ throttle: { limit: 1, period: "1s" }, concurrency: { fn: [{ limit: 1 }] } });
    await sendMany(world, 3, { takes: "5s" });
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 5, 10]);
  });
});

describe("semantics 6.10 timeouts", () => {
  it("start: a run that could not begin in time is cancelled", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 1, timeouts: { start: "5s" } },
        script: ({ step }) => step.run("w", () => world.takes("30s")),
      },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.advance("4999ms");
    expect(await world.statuses("f")).toEqual(["RUNNING", "QUEUED"]);
    await world.advance("1ms");
    expect((await world.runs("f"))[1]).toMatchObject({ status: "CANCELLED", ended: 5_000 });
    expect((await world.runs("f"))[1]?.endReason).toContain("timeouts.start");
    await world.advance("1m");
    expect((await world.runs("f"))[0]?.status).toBe("COMPLETED");
    expect(await world.events("inngest/function.cancelled")).toHaveLength(1);
  });

  it("start: the time until a future event does not count", async () => {
    const world = await limited({ timeouts: { start: "5s" } });
    await world.send("shop/f", {}, { ts: START + 60_000 });
    await world.advance("1m");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", began: 60_000 });
  });

  it("finish: a run that goes on too long is cancelled, and what its call answers is ignored", async () => {
    const world = await worldOf({
      f: { options: { timeouts: { finish: "2s" } }, script: ({ step }) => step.run("w", () => world.takes("4s")) },
    });
    await world.send("shop/f");
    await world.advance("10s");
    const run = await world.run("f");
    expect(run).toMatchObject({ status: "CANCELLED", ended: 2_000, stepsDone: 0 });
    expect(run.endReason).toContain("timeouts.finish");
    expect(await world.items(run.id)).toEqual([]);
  });

  it("finish counts from the start, not from the event, and also a run that sleeps", async () => {
    const world = await worldOf({
      f: {
        options: { timeouts: { finish: "10s" }, throttle: { limit: 1, period: "1m" } },
        script: ({ step }) => step.sleep("nap", "1h"),
      },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.advance("2m");
    expect((await world.runs("f")).map(({ ended }) => ended)).toEqual([10_000, 70_000]);
  });

  it("one that is extended or taken away counts for runs under way", async () => {
    const world = await limited({ timeouts: { finish: "10s" } });
    await world.send("shop/f", { takes: "1m" });
    await world.register({ f: { options: { timeouts: { finish: "20s" } } } });
    await world.advance("15s");
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
    await world.register({ f: {} });
    await world.advance("1m");
    expect(await world.statuses("f")).toEqual(["COMPLETED"]);
  });

  it("both together", async () => {
    const world = await limited({ timeouts: { start: "5s", finish: "30s" } });
    await world.send("shop/f", { takes: "1h" });
    await world.advance("1h");
    expect(await world.run("f")).toMatchObject({ status: "CANCELLED", began: 0, ended: 30_000 });
  });
});

describe("semantics 6.12 pausing, draining", () => {
  /** A world with a run under way and one that waits for its start, then the function is paused. */
  async function paused(mode: "hold" | "drop" | "drain"): Promise<World> {
    const world: World = await worldOf({
      f: { options: { concurrency: { fn: [{ limit: 1 }] } }, script: ({ step }) => step.sleep("nap", "10s") },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    const { id = "" } = world.server.engine.registry.invocable("shop-f") ?? {};
    await world.server.engine.pause(id, mode);
    await world.send("shop/f");
    return world;
  }

  async function resume(world: World): Promise<void> {
    const { id = "" } = world.server.engine.registry.invocable("shop-f") ?? {};
    await world.server.engine.pause(id, undefined);
    await world.advance("1h");
  }

  it("hold: what has started goes on, the rest waits and goes when it is resumed", async () => {
    const world = await paused("hold");
    await world.advance("1h");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "QUEUED", "QUEUED"]);
    await resume(world);
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("drop: new events are skipped, what is queued waits", async () => {
    const world = await paused("drop");
    await world.advance("1h");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "QUEUED", "SKIPPED"]);
    await resume(world);
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED", "SKIPPED"]);
  });

  it("drain: new events are skipped, what is queued goes", async () => {
    const world = await paused("drain");
    await world.advance("1h");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "COMPLETED", "SKIPPED"]);
  });

  it("a registration leaves the pause as it is", async () => {
    const world = await paused("hold");
    await world.register({ f: { retries: 1 } });
    await world.advance("1h");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "QUEUED", "QUEUED"]);
  });
});
