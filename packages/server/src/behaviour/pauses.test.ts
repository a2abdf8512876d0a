/** Pauses: found by event, consumed once, gone with their run. */
import { hashStepId } from "@pawl/protocol";
import { describe, expect, it } from "vitest";
import { worldOf } from "./world.fixture.ts";

describe("semantics 10.1 pause record", () => {
  it("a pause has the id of its run and step, its bound condition, its expiry, and the key it is found by", async () => {
    const world = await worldOf({
      f: {
        script: ({ step }) => step.waitForEvent("w", { event: "shop/paid", if: "async.data.order == event.data.order", timeout: "1h" }),
      },
    });
    await world.send("shop/f", { order: "o1" });
    const { id } = await world.run("f");
    expect(await world.server.engine.store.pauseById(`${id}/${hashStepId("w")}`)).toMatchObject({
      runId: id,
      kind: "event",
      eventName: "shop/paid",
      expression: 'async.data.order == "o1"',
      expiresAt: world.server.clock.now() + 3_600_000,
      matchPath: "data.order",
    });
  });

  it("it goes with its run, its match, or its time-out", async () => {
    const world = await worldOf({
      f: { script: ({ step, event }) => step.waitForEvent("w", { event: `shop/${String(event.data["by"])}`, timeout: "1m" }) },
    });
    for (const by of ["cancel", "event", "time"]) await world.send("shop/f", { by });
    const runs = await world.runs("f");
    await world.cancel(runs[0]?.id ?? "");
    await world.send("shop/event");
    await world.advance("1m");
    for (const { id } of runs) expect(await world.server.engine.store.pauseById(`${id}/${hashStepId("w")}`)).toBeUndefined();
    expect(await world.statuses("f")).toEqual(["CANCELLED", "COMPLETED", "COMPLETED"]);
  });
});

describe("semantics 10.2 matching", () => {
  it("among many waits an event ends exactly those that it matches", async () => {
    const world = await worldOf({
      f: {
        script: ({ step, event }) => {
          const condition = event.data["n"] === 7 ? "async.data.n > 5" : "async.data.n == event.data.n";
          return step.waitForEvent("w", { event: "shop/paid", if: condition, timeout: "1h" });
        },
      },
    });
    await world.server.engine.send(Array.from({ length: 120 }, (_, n) => ({ name: "shop/f", data: { n } })));
    await world.advance("1s");
    await world.send("shop/paid", { n: 60 });
    const done = (await world.runs("f")).filter(({ status }) => status === "COMPLETED");
    const numbers = await Promise.all(
      done.map(async ({ eventIds: [id = ""] }) => {
        const event = await world.server.engine.store.history.eventById(id);
        return (JSON.parse(event?.body ?? "{}") as { data: { n: number } }).data.n;
      }),
    );
    expect(numbers.toSorted((a, b) => a - b)).toEqual([7, 60]);
  });

  it("conditions with or, not, macros and functions are found as well", async () => {
    const conditions = [
      "async.data.a == 1 || async.data.b == 2",
      "!(async.data.a == 1)",
      "async.data.list.exists(x, x == 'y')",
      "async.data.name.startsWith('pre')",
      "async.data.a != 1",
      "async.data.kind in ['x', 'y']",
      "true",
    ];
    const world = await worldOf({
      f: {
        script: ({ step, event }) => step.waitForEvent("w", { event: "shop/paid", if: conditions[Number(event.data["n"])], timeout: "1h" }),
      },
    });
    for (let n = 0; n < conditions.length; n++) await world.send("shop/f", { n });
    await world.send("shop/paid", { a: 3, b: 2, list: ["y"], name: "prefix", kind: "y" });
    expect(await world.statuses("f")).toEqual(conditions.map(() => "COMPLETED"));
  });

  it("a pause that has expired matches nothing, although its time-out waits for a slot", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 1 },
        script: async ({ step, event }) =>
          event.data["blocks"] === true
            ? step.run("work", () => world.takes("1h"))
            : step.waitForEvent("w", { event: "shop/paid", timeout: "10s" }),
      },
    });
    await world.send("shop/f");
    await world.send("shop/f", { blocks: true });
    await world.advance("20s");
    await world.send("shop/paid");
    await world.advance("1h");
    expect((await world.runs("f"))[0]).toMatchObject({ status: "COMPLETED", output: null });
  });
});
