/** Limits on calls in progress and on whole runs. */
import { describe, expect, it } from "vitest";
import { type World, worldOf } from "./world.fixture.ts";

/** Functions whose one step takes a second, with a limit. */
function working(concurrency: unknown, names: readonly string[] = ["f"]): Promise<World> {
  const world: Promise<World> = worldOf(
    Object.fromEntries(
      names.map((name) => [
        name,
        { options: { concurrency }, script: async ({ step }) => step.run("work", async () => (await world).takes("1s")) },
      ]),
    ),
  );
  return world;
}

/** When the runs of a function began, milliseconds. */
async function begins(world: World, name = "f"): Promise<readonly (number | undefined)[]> {
  return (await world.runs(name)).map(({ began }) => began);
}

describe("semantics 6.1 step concurrency", () => {
  it("no more calls than the limit at once; the next begins when one ends", async () => {
    const world = await working(2);
    for (let n = 0; n < 5; n++) await world.send("shop/f");
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 0, 1_000, 1_000, 2_000]);
  });

  it("each value of the key counts by itself, and nobody waits behind another value", async () => {
    const world = await working({ limit: 1, key: "event.data.user" });
    for (const user of ["u1", "u1", "u1", "u2"]) await world.send("shop/f", { user });
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 1_000, 2_000, 0]);
  });

  it("events without the key share one value", async () => {
    const world = await working({ limit: 1, key: "event.data.user" });
    for (let n = 0; n < 2; n++) await world.send("shop/f");
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 1_000]);
  });

  it("of two limits both must have room", async () => {
    const world = await working([{ limit: 1, key: "event.data.user" }, { limit: 2 }]);
    for (const user of ["u1", "u1", "u2", "u3"]) await world.send("shop/f", { user });
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 1_000, 0, 1_000]);
  });

  it.each(["env", "account"])(
    "a limit of scope %s is shared by functions with the same expression, and freed for them at once",
    async (scope) => {
      const world = await working({ limit: 1, key: "event.data.user", scope }, ["f", "g"]);
      await world.send("shop/f", { user: "u" });
      await world.send("shop/g", { user: "u" });
      await world.advance("10s");
      expect([await begins(world, "f"), await begins(world, "g")]).toEqual([[0], [1_000]]);
    },
  );

  it("functions with other expressions do not share, though the values are equal", async () => {
    const shared = (key: string) => ({ concurrency: { limit: 1, key, scope: "account" } });
    const world = await worldOf({
      f: { options: shared("event.data.user"), script: ({ step }) => step.run("w", () => world.takes("1s")) },
      g: { options: shared("event.data['user']"), script: ({ step }) => step.run("w", () => world.takes("1s")) },
    });
    await world.send("shop/f", { user: "u" });
    await world.send("shop/g", { user: "u" });
    await world.advance("10s");
    expect([await begins(world, "f"), await begins(world, "g")]).toEqual([[0], [0]]);
  });

  it("on a shared key each function minds its own limit", async () => {
    const limited = (limit: number) => ({ concurrency: { limit, key: "event.data.user", scope: "env" } });
    const world = await worldOf({
      f: { options: limited(3), script: ({ step }) => step.run("w", () => world.takes("1s")) },
      g: { options: limited(1), script: ({ step }) => step.run("w", () => world.takes("1s")) },
    });
    for (let n = 0; n < 2; n++) await world.send("shop/f", { user: "u" });
    await world.send("shop/g", { user: "u" });
    await world.send("shop/f", { user: "u" });
    await world.advance("900ms");
    expect([await begins(world, "f"), await begins(world, "g")]).toEqual([[0, 0, 0], [undefined]]);
    await world.advance("10s");
    expect(await begins(world, "g")).toEqual([1_000]);
  });

  it("a changed limit counts at once for what waits", async () => {
    const world = await working(1);
    for (let n = 0; n < 3; n++) await world.send("shop/f");
    await world.advance("100ms");
    await world.register({ f: { options: { concurrency: 3 } } });
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 100, 100]);
  });

  it("a key that is no longer configured constrains nothing", async () => {
    const world = await working({ limit: 1, key: "event.data.user" });
    for (let n = 0; n < 3; n++) await world.send("shop/f", { user: "u" });
    await world.register({ f: {} });
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 0, 0]);
  });

  it("an unkeyed limit of 0 is none", async () => {
    const world = await working(0);
    for (let n = 0; n < 3; n++) await world.send("shop/f");
    await world.advance("1s");
    expect(await begins(world)).toEqual([0, 0, 0]);
  });

  it("runs that sleep, wait or are between steps hold no slot", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 1 },
        script: async ({ step, event }) => {
          if (event.data["n"] === 1) await step.sleep("nap", "1h");
          if (event.data["n"] === 2) await step.waitForEvent("wait", { event: "never", timeout: "1h" });
          if (event.data["n"] === 3) await step.invoke("call", { function_id: "shop-slow", payload: {} });
        },
      },
      slow: { on: [], script: ({ step }) => step.sleep("nap", "1h") },
    });
    for (const n of [1, 2, 3, 4]) await world.send("shop/f", { n });
    expect(await world.statuses("f")).toEqual(["RUNNING", "RUNNING", "RUNNING", "COMPLETED"]);
  });
});

describe("semantics 6.2 function (run) concurrency", () => {
  it("a run holds its slot from start to end, through sleeps and waits", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: { fn: [{ limit: 1 }] } },
        script: async ({ step }) => {
          await step.sleep("nap", "10s");
          await step.run("work", () => world.takes("1s"));
        },
      },
    });
    for (let n = 0; n < 3; n++) await world.send("shop/f");
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 11_000, 22_000]);
  });

  it("each value of its key counts by itself; missing ones share one", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: { fn: [{ limit: 1, key: "event.data.user" }] } },
        script: ({ step }) => step.sleep("nap", "10s"),
      },
    });
    for (const data of [{ user: "a" }, { user: "a" }, { user: "b" }, {}, {}]) await world.send("shop/f", data);
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 10_000, 0, 0, 10_000]);
  });

  it("the slot is free when the run fails, and when it is cancelled", async () => {
    const world = await worldOf({
      f: {
        retries: 0,
        options: { concurrency: { fn: [{ limit: 1 }] } },
        script: async ({ step, event }) => {
          await step.sleep("nap", "10s");
          if (event.data["n"] === 1) throw new Error("no");
        },
      },
    });
    for (const n of [1, 2, 3]) await world.send("shop/f", { n });
    await world.advance("15s");
    const [, second] = await world.runs("f");
    await world.cancel(second?.id ?? "");
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 10_000, 15_000]);
    expect(await world.statuses("f")).toEqual(["FAILED", "CANCELLED", "COMPLETED"]);
  });

  it("steps of runs that have started are not held by it", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: { fn: [{ limit: 2 }] } },
        script: async ({ step }) => {
          await Promise.all([1, 2, 3].map((n) => step.run(`s${n}`, () => world.takes("1s"))));
        },
      },
    });
    for (let n = 0; n < 3; n++) await world.send("shop/f");
    await world.advance("10s");
    expect(await begins(world)).toEqual([0, 0, 1_000]);
  });

  it("it goes together with a limit on steps", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: { fn: [{ limit: 2 }], step: [{ limit: 1 }] } },
        script: async ({ step }) => {
          await step.run("a", () => world.takes("1s"));
          await step.sleep("nap", "10s");
        },
      },
    });
    for (let n = 0; n < 3; n++) await world.send("shop/f");
    await world.advance("1m");
    expect(await begins(world)).toEqual([0, 1_000, 11_000]);
  });
});
