/** Schedules: ticks, their events, what overlaps and what was missed. */
import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** The world begins at 14:13:20 UTC. */
const minute = (n: number): number => 40_000 + (n - 1) * 60_000;

function scheduled(cron: Readonly<Record<string, unknown>>, options: Readonly<Record<string, unknown>> = {}): Promise<World> {
  return worldOf({ f: { on: [cron], options, script: ({ event }) => event.data } });
}

/** When runs began. */
async function begins(world: World): Promise<readonly (number | undefined)[]> {
  return (await world.runs("f")).map(({ began }) => began);
}

describe("semantics 2.5 cron", () => {
  it("starts a run at each tick, with an event that tells of it", async () => {
    const world = await scheduled({ cron: "* * * * *" });
    await world.advance("3m");
    expect(await begins(world)).toEqual([minute(1), minute(2), minute(3)]);
    const [first] = await world.runs("f");
    expect(first?.eventName).toBe("inngest/scheduled.timer");
    const tick = new Date(START + minute(1)).toISOString();
    expect(first?.output).toMatchObject({ cron: "* * * * *" });
    const [event] = await world.events("inngest/scheduled.timer");
    const times = [event?.data["scheduledAt"], event?.data["fireAt"], event?.id];
    expect(times.map((time) => new Date(String(time)).toISOString())).toEqual([tick, tick, tick]);
  });

  it("a time zone and a week day", async () => {
    const world = await scheduled({ cron: "TZ=Europe/Paris 0 9 * * MON" });
    await world.advance("7d");
    // Monday 2026-09-28, 9:00 in Paris.
    expect((await begins(world)).map((at) => new Date(START + (at ?? 0)).toISOString())).toEqual(["2026-09-28T07:00:00.000Z"]);
  });

  it("jitter delays the run by 1 s to its bound, always the same for a tick", async () => {
    const world = await scheduled({ cron: "* * * * *", jitter: "30s" });
    await world.advance("5m30s");
    const delays = (await begins(world)).map((at, index) => (at ?? 0) - minute(index + 1));
    expect(delays).toHaveLength(5);
    for (const delay of delays) expect(delay >= 1_000 && delay <= 30_000).toBe(true);
    expect(new Set(delays).size).toBeGreaterThan(1);
    const again = await scheduled({ cron: "* * * * *", jitter: "30s" });
    await again.advance("5m30s");
    expect(await begins(again)).toEqual(await begins(world));
  });

  it("two schedules of one function that tick at the same time start one run", async () => {
    const world = await worldOf({ f: { on: [{ cron: "* * * * *" }, { cron: "*/2 * * * *" }], script: () => 1 } });
    await world.advance("2m");
    expect(await begins(world)).toEqual([minute(1), minute(2)]);
  });

  it("a function may have schedules and events", async () => {
    const world = await worldOf({ f: { on: [{ cron: "* * * * *" }, { event: "shop/f" }], script: ({ event }) => event.name } });
    await world.send("shop/f");
    await world.advance("1m");
    expect((await world.runs("f")).map(({ output }) => output)).toEqual(["shop/f", "inngest/scheduled.timer"]);
  });

  it("runs may overlap, unless the schedule says otherwise", async () => {
    const options = { script: ({ step }: { step: { sleep: (id: string, duration: string) => unknown } }) => step.sleep("nap", "90s") };
    const world = await worldOf({
      free: { on: [{ cron: "* * * * *" }], ...options },
      single: { on: [{ cron: "* * * * *", overlap: false }], ...options },
    });
    await world.advance("4m");
    expect((await world.runs("free")).map(({ began }) => began)).toEqual([1, 2, 3, 4].map(minute));
    expect((await world.runs("single")).map(({ status }) => status)).toEqual(["COMPLETED", "SKIPPED", "RUNNING", "SKIPPED"]);
  });

  it("what a singleton or a rate limit refuses is over, and the next tick comes at its time", async () => {
    const world = await worldOf({
      single: { on: [{ cron: "* * * * *" }], options: { singleton: { mode: "skip" } }, script: ({ step }) => step.sleep("nap", "80s") },
      rated: { on: [{ cron: "* * * * *" }], options: { rateLimit: { limit: 1, period: "2m" } }, script: () => 1 },
    });
    await world.advance("4m");
    expect((await world.runs("single")).map(({ status, began }) => [status, began])).toEqual([
      ["COMPLETED", minute(1)],
      ["SKIPPED", undefined],
      ["COMPLETED", minute(3)],
      ["SKIPPED", undefined],
    ]);
    expect((await world.runs("rated")).map(({ began }) => began)).toEqual([minute(1), minute(3)]);
  });

  it("throttle and debounce apply", async () => {
    const world = await worldOf({
      throttled: { on: [{ cron: "* * * * *" }], options: { throttle: { limit: 1, period: "90s" } }, script: () => 1 },
      debounced: { on: [{ cron: "*/2 * * * *" }], options: { debounce: { period: "10s" } }, script: () => 1 },
    });
    await world.advance("4m");
    expect((await world.runs("throttled")).map(({ began }) => began).slice(0, 2)).toEqual([minute(1), minute(1) + 90_000]);
    expect((await world.runs("debounced")).map(({ began }) => began)).toEqual([minute(1) + 10_000, minute(3) + 10_000]);
  });

  it("batching does not apply: a tick is a run", async () => {
    const world = await scheduled({ cron: "* * * * *" }, { batchEvents: { maxSize: 5, timeout: "10m" } });
    await world.advance("2m");
    expect(await begins(world)).toEqual([minute(1), minute(2)]);
  });

  it("a registration that changes nothing about it leaves the schedule alone; a new expression takes its place; a function that is gone ticks no more", async () => {
    const world = await scheduled({ cron: "* * * * *" });
    await world.advance("1m");
    await world.register({ f: { on: [{ cron: "* * * * *" }], retries: 1 } });
    await world.advance("1m");
    expect(await begins(world)).toEqual([minute(1), minute(2)]);
    await world.register({ f: { on: [{ cron: "*/5 * * * *" }] } });
    await world.advance("4m");
    expect(await begins(world)).toEqual([minute(1), minute(2)]);
    await world.advance("1m");
    // 14:15 has been; the next is 14:20.
    expect(await begins(world)).toEqual([minute(1), minute(2), minute(7)]);
    await world.register({});
    await world.advance("1h");
    expect(world.calls("f")).toHaveLength(3);
  });

  it("a paused function's ticks wait or are skipped as events are", async () => {
    const world = await scheduled({ cron: "* * * * *" });
    const { id = "" } = world.server.engine.registry.invocable("shop-f") ?? {};
    await world.server.engine.pause(id, "drop");
    await world.advance("2m");
    expect(await world.statuses("f")).toEqual(["SKIPPED", "SKIPPED"]);
  });

  it.each([
    ["one", [5]],
    ["all", [1, 3, 5]],
    ["skip", []],
  ])("ticks that were missed while the server was down, policy %s", async (missed, expected) => {
    const store = openMemoryStore();
    const on = [{ cron: "*/2 * * * *", missed }];
    const before = await worldOf({ f: { on, script: () => 1 } }, { engine: { store } });
    const stopped = before.server.engine.stop(0);
    await before.advance("0");
    await stopped;
    const after = await worldOf(
      { f: { on, script: ({ event }) => event.data["scheduledAt"] } },
      { engine: { store }, startAfterMs: minute(5) + 100_000 },
    );
    await after.advance("1s");
    const made = (await after.runs("f")).map(({ output }) => (Date.parse(String(output)) - START - minute(1)) / 60_000 + 1);
    expect(made).toEqual(expected);
    await after.advance("1m");
    expect(await after.runs("f")).toHaveLength(expected.length + 1);
  });
});
