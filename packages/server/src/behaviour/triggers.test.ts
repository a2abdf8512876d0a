/** Which functions an event starts. */
import { describe, expect, it } from "vitest";
import { settled, worldOf } from "./world.fixture.ts";

describe("semantics 2.2 name matching", () => {
  it("by exact name or by a wildcard after / or ., with regard to case", async () => {
    const names = { exact: "app/user.created", slash: "app/*", dot: "app/user.*", bare: "*", other: "App/user.created" };
    const world = await worldOf(Object.fromEntries(Object.entries(names).map(([name, on]) => [name, { on, script: () => "ran" }])));
    await world.send("app/user.created");
    await world.send("app/user.deleted.twice");
    const counts = await Promise.all(Object.keys(names).map(async (name) => (await world.runs(name)).length));
    expect(counts).toEqual([1, 2, 2, 0, 0]);
  });

  it("inngest/* starts a function for the server's own events", async () => {
    const world = await worldOf({
      work: { script: () => 1 },
      audit: { on: "inngest/*", script: ({ event }) => event.name },
    });
    await world.send("shop/work");
    await world.advance("1s");
    // What it starts ends without an event of its own, so it is not started for ever.
    expect((await world.runs("audit")).map(({ output }) => output)).toEqual(["inngest/function.finished"]);
  });
});

describe("semantics 2.3 one run per event per function", () => {
  it("several triggers that match start one run", async () => {
    const on = [{ event: "shop/paid" }, { event: "shop/*" }, { event: "shop/paid", expression: "event.data.n == 1" }];
    const world = await worldOf({ many: { on, script: () => "ran" } });
    await world.send("shop/paid", { n: 1 });
    expect(await world.runs("many")).toHaveLength(1);
  });

  it("a condition that fails does not keep the next trigger from starting it", async () => {
    const on = [{ event: "shop/paid", expression: "event.data.text > 5" }, { event: "shop/paid" }];
    const world = await worldOf({ many: { on, script: () => "ran" } });
    const id = await world.send("shop/paid", { text: "five" });
    expect(await world.runs("many")).toHaveLength(1);
    expect(await world.outcomes(id)).toEqual([]);
  });

  it("a function that is gone from its app is not started, and an event that starts nothing is stored", async () => {
    const world = await worldOf({ gone: { script: () => "ran" } });
    const register = await world.post("/fn/register", {
      appName: "shop",
      url: "http://127.0.0.1:9/api/pawl",
      sdk: "js:v4.24.0",
      framework: "express",
      deployType: "ping",
      functions: [],
    });
    expect(register.status).toBe(200);
    await world.send("shop/gone");
    expect(world.calls("gone")).toEqual([]);
    expect(await world.events("shop/gone")).toHaveLength(1);
  });
});

describe("semantics 2.4 expressions", () => {
  it.each([
    ["event.data.n == 5", { n: 5 }, true],
    ["event.data.n == 5", { n: 6 }, false],
    ["event.data.missing == 5", {}, false],
    // The reference says false; see docs/adr/0003-expressions.md.
    ["!event.data.deleted", {}, true],
    ["!event.data.deleted", { deleted: true }, false],
    ["event.data.deleted != true", {}, true],
    ["event.data.n + 1 == 6", { n: 5 }, true],
    ["has(event.data.n) && event.data.list.exists(x, x == 'a')", { n: 1, list: ["a"] }, true],
    ["event.data.a || event.data.b", { b: true }, true],
    ["date(event.data.at) < now()", { at: "2020-01-01" }, true],
    ["event.name.startsWith('shop/')", {}, true],
  ])("the trigger's condition %s over %j: %s", async (expression, data, isStarted) => {
    const world = await worldOf({ f: { on: [{ event: "shop/f", expression }], script: () => "ran" } });
    const id = await world.send("shop/f", data);
    expect(await world.runs("f")).toHaveLength(isStarted ? 1 : 0);
    expect((await world.outcomes(id)).map(({ reason }) => reason)).toEqual(isStarted ? [] : ["expression-false"]);
  });

  it("a result that is neither true nor false is an error, and starts nothing", async () => {
    const world = await worldOf({ f: { on: [{ event: "shop/f", expression: "event.data.n" }], script: () => "ran" } });
    const id = await world.send("shop/f", { n: 1 });
    await settled();
    expect(await world.runs("f")).toEqual([]);
    expect((await world.outcomes(id))[0]).toMatchObject({ reason: "expression-error" });
  });
});
