/** Waits that look back: events that came before the wait began. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that works for 10 s and then waits for `shop/paid`, with options. */
function lateWorld(options: Readonly<Record<string, unknown>> = {}): Promise<World> {
  return worldOf({
    order: {
      script: async ({ step, event }) => {
        await step.sleep("work", "10s");
        return step.waitForEvent("paid", { event: "shop/paid", timeout: "1h", ...options, ...(event.data["wait"] as object) });
      },
    },
  });
}

describe("semantics 14.4 look-back", () => {
  it("an event that came while the run did something else ends the wait at once", async () => {
    const world = await lateWorld({ lookBack: "run" });
    await world.send("shop/order");
    await world.advance("4s");
    await world.send("shop/paid", { sum: 3 });
    await world.advance("6s");
    const run = await world.run("order");
    expect(run).toMatchObject({ status: "COMPLETED", ended: 10_000, output: { name: "shop/paid", data: { sum: 3 } } });
    expect(await world.items(run.id)).toEqual([]);
    expect((await world.steps(run.id))["paid"]).toMatchObject({ status: "completed", startedAt: START + 10_000 });
  });

  it("`run` counts from when the run was queued, a duration from when the wait began; both ends count", async () => {
    const world = await lateWorld();
    await world.send("shop/paid", { at: "before" });
    await world.advance("1s");
    await world.send("shop/order", { wait: { lookBack: "run" } });
    await world.send("shop/order", { wait: { lookBack: "3s" } });
    await world.send("shop/order", { wait: { lookBack: "11s" } });
    await world.advance("7s");
    await world.send("shop/paid", { at: "8 s" });
    await world.advance("3s");
    expect((await world.runs("order")).map(({ output }) => (output as { data: { at: string } }).data.at)).toEqual(["8 s", "8 s", "before"]);
  });

  it("its condition counts, and the oldest event that fits wins", async () => {
    const world = await lateWorld({ lookBack: "run", if: "async.data.order == event.data.order && async.data.sum > 1.0" });
    await world.send("shop/order", { order: "o1" });
    for (const [order, sum] of [
      ["o2", 5],
      ["o1", 1],
      ["o1", 2],
      ["o1", 3],
    ] as const) {
      await world.send("shop/paid", { order, sum });
      await world.advance("1s");
    }
    await world.advance("6s");
    expect((await world.run("order")).output).toMatchObject({ data: { order: "o1", sum: 2 } });
  });

  it("where nothing fits it waits on, for what comes and for the time-out", async () => {
    const world = await lateWorld({ lookBack: "1m", if: "async.data.ok == true" });
    await world.send("shop/order");
    await world.send("shop/order");
    await world.send("shop/paid", { ok: false });
    await world.advance("30m");
    expect(await world.statuses("order")).toEqual(["RUNNING", "RUNNING"]);
    expect((await world.items((await world.runs("order"))[0]?.id ?? "")).map(({ kind }) => kind)).toEqual(["pause-timeout"]);
    await world.cancel((await world.runs("order"))[1]?.id ?? "");
    await world.send("shop/paid", { ok: true });
    expect(await world.statuses("order")).toEqual(["COMPLETED", "CANCELLED"]);
  });

  it("the event that started the run never counts", async () => {
    const world = await worldOf({
      paid: { script: ({ step }) => step.waitForEvent("again", { event: "shop/paid", timeout: "10s", lookBack: "run" }) },
    });
    await world.send("shop/paid");
    await world.advance("10s");
    expect(await world.run("paid")).toMatchObject({ status: "COMPLETED", output: null });
  });

  it("waits one after the other take one event each, in order", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) => {
          await step.sleep("work", "10s");
          const got: unknown[] = [];
          for (const id of ["first", "second", "third"]) {
            const event = await step.waitForEvent(id, { event: "shop/item", timeout: "1m", lookBack: "run" });
            got.push((event as { data: { n: number } } | null)?.data.n ?? null);
          }
          return got;
        },
      },
    });
    await world.send("shop/order");
    await world.send("shop/item", { n: 1 });
    await world.send("shop/item", { n: 2 });
    await world.advance("10s");
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.advance("1m");
    expect((await world.run("order")).output).toEqual([1, 2, null]);
  });

  it("waits side by side can have the same event", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) => {
          await step.sleep("work", "10s");
          return Promise.all(["a", "b"].map((id) => step.waitForEvent(id, { event: "shop/paid", timeout: "1m", lookBack: "run" })));
        },
      },
    });
    await world.send("shop/order");
    await world.send("shop/paid", { n: 1 });
    await world.advance("10s");
    expect(await world.run("order")).toMatchObject({
      status: "COMPLETED",
      ended: 10_000,
      output: [{ data: { n: 1 } }, { data: { n: 1 } }],
    });
  });

  it("of several events the one that came first wins", async () => {
    const world = await lateWorld({ lookBack: "run", events: ["shop/paid", { event: "shop/refused", if: "async.data.final == true" }] });
    await world.send("shop/order");
    await world.send("shop/refused", { final: false });
    await world.advance("1s");
    await world.send("shop/refused", { final: true });
    await world.advance("1s");
    await world.send("shop/paid");
    await world.advance("10s");
    expect((await world.run("order")).output).toMatchObject({ name: "shop/refused", data: { final: true } });
    expect(await world.server.engine.store.findPauses({ eventName: "shop/paid", valueAt: () => undefined })).toEqual([]);
  });

  it("without any time left it looks, and does not wait", async () => {
    const world = await lateWorld({ lookBack: "run", timeout: "" });
    await world.send("shop/order");
    await world.send("shop/paid");
    await world.advance("10s");
    await world.send("shop/order");
    await world.advance("10s");
    expect((await world.runs("order")).map(({ output, ended }) => [(output as { name?: string } | null)?.name, ended])).toEqual([
      ["shop/paid", 10_000],
      [undefined, 20_000],
    ]);
  });

  it("an event that is matched live, and found by the search, ends the wait once", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) =>
          Promise.all([
            step.run("ask", async () => {
              await world.server.engine.send([{ name: "shop/paid", data: {} }]);
            }),
            step.waitForEvent("paid", { event: "shop/paid", timeout: "1h", lookBack: "run" }),
          ]),
      },
    });
    await world.send("shop/order");
    const run = await world.run("order");
    expect(run).toMatchObject({ status: "COMPLETED", output: [null, { name: "shop/paid" }] });
    expect(await world.items(run.id)).toEqual([]);
  });

  it.each(["25h", "yesterday", "", 5, "1 day"])("the look-back %j is refused, and the run says why", async (lookBack) => {
    const world = await lateWorld({ lookBack });
    await world.send("shop/order");
    await world.advance("10s");
    const { status, error } = await world.run("order");
    expect([status, error?.message]).toEqual(["FAILED", expect.stringContaining(JSON.stringify(lookBack))]);
  });
});
