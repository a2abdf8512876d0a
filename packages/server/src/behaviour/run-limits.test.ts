/** Time limits of runs; pausing and draining. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";
import { limited } from "./flow.fixture.ts";

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
