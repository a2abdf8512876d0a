/** Sleeping: durations, dates, limits, and what a sleeping run holds. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that sleeps as its event says. */
function sleepingWorld(): Promise<World> {
  return worldOf({ nap: { script: async ({ step, event }) => [await step.sleep("nap", String(event.data["for"]))] } });
}

describe("semantics 5.1 sleep", () => {
  it("goes on when the duration has passed, and not before", async () => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: "1h" });
    await world.advance("59m59s");
    expect((await world.run("nap")).status).toBe("RUNNING");
    await world.advance("1s");
    expect(await world.run("nap")).toMatchObject({ status: "COMPLETED", output: [null], ended: 3_600_000 });
  });

  it.each([
    ["90s", 90_000],
    ["1d12h", 129_600_000],
    ["1.5h", 5_400_000],
    ["1w", 604_800_000],
    ["500ms", 500],
    ["0", 0],
    ["", 0],
  ])("the duration %j", async (duration, ms) => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: duration });
    await world.advance("10d");
    expect((await world.run("nap")).ended).toBe(ms);
  });

  it("ends at a date", async () => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: new Date(START + 60_000).toISOString() });
    await world.advance("2m");
    expect((await world.run("nap")).ended).toBe(60_000);
  });

  it("a date in the past is now", async () => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: "2020-01-01T00:00:00Z" });
    expect(await world.run("nap")).toMatchObject({ status: "COMPLETED", ended: 0 });
  });

  it("a negative duration is now: so the Go SDK asks for a date in the past", async () => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: "-9ms483us604ns" });
    expect(await world.run("nap")).toMatchObject({ status: "COMPLETED", ended: 0 });
  });

  it.each(["90", "1 day", "1mo", "1H", "soon", "-", "-soon"])("%j is refused, and the run says why", async (duration) => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: duration });
    const { status, error } = await world.run("nap");
    expect(status).toBe("FAILED");
    expect(error?.message).toContain(`"${duration}" is neither a duration such as "1h30m" nor a date`);
  });

  it("takes the duration from the op's options as well as from its name", async () => {
    const world = await worldOf({
      nap: { script: ({ step }) => step.op("nap", { op: "Sleep", opts: { duration: "5s" }, name: "nap" }) },
    });
    await world.send("shop/nap");
    await world.advance("10s");
    expect((await world.run("nap")).ended).toBe(5_000);
  });

  it("lasts 366 days at most; a longer one fails the run at once", async () => {
    const world = await sleepingWorld();
    await world.send("shop/nap", { for: "366d" });
    expect((await world.run("nap")).status).toBe("RUNNING");
    await world.advance("366d");
    await world.send("shop/nap", { for: "366d1s" });
    const [longest, tooLong] = await world.runs("nap");
    expect(longest).toMatchObject({ status: "COMPLETED", ended: 366 * 86_400_000 });
    expect(tooLong).toMatchObject({ status: "FAILED", error: { name: "InngestErrTimeoutTooLong" } });
    expect(tooLong?.error?.message).toContain("ends more than one year in the future; sleeps may last at most one year.");
  });

  it("holds no concurrency while it lasts, and its end needs a slot", async () => {
    const world = await worldOf({
      nap: {
        options: { concurrency: 1 },
        script: async ({ step, event }) => {
          if (event.data["sleeps"] === true) await step.sleep("nap", "10s");
          else await step.run("work", () => world.takes("30s"));
        },
      },
    });
    await world.send("shop/nap", { sleeps: true });
    await world.send("shop/nap", { sleeps: false });
    expect(world.callTimes("nap")).toEqual([0, 0]);
    await world.advance("29s");
    expect(world.callTimes("nap")).toEqual([0, 0]);
    await world.advance("1s");
    expect((await world.runs("nap")).map(({ ended }) => ended)).toEqual([30_000, 30_000]);
  });

  it("when several end at once, the older run goes first", async () => {
    const world = await worldOf({
      nap: {
        options: { concurrency: 1 },
        script: async ({ step, event }) => {
          await step.sleep("nap", event.data["n"] === 1 ? "20s" : "10s");
          await step.run("work", () => world.takes("1s"));
        },
      },
    });
    await world.send("shop/nap", { n: 1 });
    await world.advance("10s");
    await world.send("shop/nap", { n: 2 });
    await world.advance("30s");
    const [older, younger] = await world.runs("nap");
    expect([older?.ended, younger?.ended]).toEqual([21_000, 22_000]);
  });
});
