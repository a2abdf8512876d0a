/** Flow control: singletons, and options together. */
import { describe, expect, it } from "vitest";
import { begins, invoking, limited, sendMany } from "./flow.fixture.ts";

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
