/** Waiting for events: what matches, what does not, and the time-out. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that waits for `shop/paid` with the options of its event. */
function waitingWorld(options: Readonly<Record<string, unknown>> = {}): Promise<World> {
  return worldOf({
    order: {
      script: ({ step, event }) =>
        step.waitForEvent("paid", { event: "shop/paid", timeout: "1h", ...options, ...(event.data["wait"] as object) }),
    },
  });
}

const SAME_ORDER = { if: "async.data.order == event.data.order" };

describe("semantics 5.2 waitForEvent", () => {
  it("gives the whole event that came, and its time-out goes away", async () => {
    const world = await waitingWorld();
    await world.send("shop/order");
    await world.advance("10s");
    await world.send("shop/paid", { sum: 3 }, { id: "payment-1", ts: START + 5_000 });
    const run = await world.run("order");
    expect(run).toMatchObject({
      status: "COMPLETED",
      ended: 10_000,
      output: { name: "shop/paid", data: { sum: 3 }, id: "payment-1", ts: START + 5_000, user: {} },
    });
    expect(await world.items(run.id)).toEqual([]);
  });

  it("the condition sees the run's event as `event` and the new one as `async`", async () => {
    const world = await waitingWorld(SAME_ORDER);
    await world.send("shop/order", { order: "o1" });
    await world.send("shop/paid", { order: "o2" });
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.send("shop/paid", { order: "o1" });
    expect(await world.run("order")).toMatchObject({ status: "COMPLETED", output: { data: { order: "o1" } } });
  });

  it("what the run's event does not have counts as null", async () => {
    const world = await waitingWorld(SAME_ORDER);
    await world.send("shop/order");
    await world.send("shop/paid", { order: "o1" });
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.send("shop/paid", { order: null });
    expect((await world.run("order")).status).toBe("COMPLETED");
  });

  it("without a condition any event of the name matches; names are exact, wildcards are none", async () => {
    const world = await worldOf({
      any: { on: "shop/order", script: ({ step }) => step.waitForEvent("w", { event: "shop/paid", timeout: "1h" }) },
      wild: { on: "shop/order", script: ({ step }) => step.waitForEvent("w", { event: "shop/*", timeout: "1h" }) },
    });
    await world.send("shop/order");
    await world.send("shop/paid.late");
    await world.send("shop/PAID");
    expect(await world.statuses("any")).toEqual(["RUNNING"]);
    await world.send("shop/paid");
    expect(await world.statuses("any")).toEqual(["COMPLETED"]);
    expect(await world.statuses("wild")).toEqual(["RUNNING"]);
  });

  it("the event's name may be the op's name", async () => {
    const world = await worldOf({
      order: { script: ({ step }) => step.op("w", { op: "WaitForEvent", name: "shop/paid", opts: { timeout: "1h" } }) },
    });
    await world.send("shop/order");
    await world.send("shop/paid");
    expect((await world.run("order")).status).toBe("COMPLETED");
  });

  it.each(["90", "1 day", "soon"])("the time-out %j is refused, and the run says why", async (timeout) => {
    const world = await waitingWorld({ timeout });
    await world.send("shop/order");
    const { status, error } = await world.run("order");
    expect([status, error?.message.includes(JSON.stringify(timeout))]).toEqual(["FAILED", true]);
  });

  it("after the time-out the result is null, and the step says that it timed out", async () => {
    const world = await waitingWorld();
    await world.send("shop/order");
    await world.advance("59m59s");
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.advance("1s");
    const run = await world.run("order");
    expect(run).toMatchObject({ status: "COMPLETED", output: null, ended: 3_600_000 });
    expect((await world.steps(run.id))["paid"]?.status).toBe("timed_out");
    await world.send("shop/paid");
    expect((await world.run("order")).output).toBeNull();
  });

  it("an empty time-out has passed already", async () => {
    const world = await waitingWorld({ timeout: "" });
    await world.send("shop/order");
    expect(await world.run("order")).toMatchObject({ status: "COMPLETED", output: null, ended: 0 });
  });

  it("a time-out may be a date", async () => {
    const world = await waitingWorld({ timeout: new Date(START + 30_000).toISOString() });
    await world.send("shop/order");
    await world.advance("1m");
    expect((await world.run("order")).ended).toBe(30_000);
  });

  it("a time-out of more than 366 days fails the run at once", async () => {
    const world = await waitingWorld({ timeout: "367d" });
    await world.send("shop/order");
    const { status, error } = await world.run("order");
    expect(status).toBe("FAILED");
    expect(error?.message).toContain("expires more than one year in the future");
  });

  it("a condition that does not compile fails the run at once, with the place", async () => {
    const world = await waitingWorld({ if: "async.data.order ==" });
    await world.send("shop/order");
    const { status, error } = await world.run("order");
    expect(status).toBe("FAILED");
    expect(error).toMatchObject({ name: "InvalidExpression", message: "Wait for event If expression failed to compile" });
    expect(error?.stack).not.toBe("");
  });

  it("a condition that can never hold still ends by its time-out", async () => {
    const world = await waitingWorld({ if: "event.data.order == 'other' && async.data.order == 'o1'" });
    await world.send("shop/order", { order: "o1" });
    await world.send("shop/paid", { order: "o1" });
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.advance("1h");
    expect(await world.run("order")).toMatchObject({ status: "COMPLETED", output: null });
  });

  it("a clause with `in` counts, also beside a path that contains `event.` (#3907)", async () => {
    const world = await waitingWorld({ if: "async.data.event.data.x == event.data.x && async.data.kind in ['card', 'cash']" });
    await world.send("shop/order", { x: 1 });
    await world.send("shop/paid", { kind: "cheque", event: { data: { x: 1 } } });
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.send("shop/paid", { kind: "cash", event: { data: { x: 1 } } });
    expect((await world.run("order")).status).toBe("COMPLETED");
  });

  it("a macro over the run's event works", async () => {
    const world = await waitingWorld({ if: "event.data.orders.exists(o, o == async.data.order)" });
    await world.send("shop/order", { orders: ["o1", "o2"] });
    await world.send("shop/paid", { order: "o3" });
    expect((await world.run("order")).status).toBe("RUNNING");
    await world.send("shop/paid", { order: "o2" });
    expect((await world.run("order")).status).toBe("COMPLETED");
  });

  it.each(["async.data.n", "async.data.text > 5"])("a condition without a yes or no does not match: %s", async (condition) => {
    const world = await waitingWorld({ if: condition });
    await world.send("shop/order");
    const id = await world.send("shop/paid", { n: 7, text: "five" });
    expect((await world.run("order")).status).toBe("RUNNING");
    expect(await world.server.engine.store.unprocessedEvents({ limit: 1 })).toEqual([]);
    expect(id).not.toBe("");
  });

  it("of several events that match, the first wins, and the step ends once", async () => {
    const world = await waitingWorld();
    await world.send("shop/order");
    await world.server.engine.send([
      { name: "shop/paid", data: { n: 1 } },
      { name: "shop/paid", data: { n: 2 } },
    ]);
    await world.advance("1s");
    expect((await world.run("order")).output).toMatchObject({ data: { n: 1 } });
    expect(world.calls("order")).toHaveLength(2);
  });

  it("one event ends every wait that it matches, in all runs", async () => {
    const world = await waitingWorld(SAME_ORDER);
    for (const order of ["o1", "o1", "o2"]) await world.send("shop/order", { order });
    await world.send("shop/paid", { order: "o1" });
    expect(await world.statuses("order")).toEqual(["COMPLETED", "COMPLETED", "RUNNING"]);
  });

  it("the event that started the run never ends its wait", async () => {
    const world = await worldOf({ paid: { script: ({ step }) => step.waitForEvent("w", { event: "shop/paid", timeout: "1h" }) } });
    await world.send("shop/paid");
    expect(await world.statuses("paid")).toEqual(["RUNNING"]);
    await world.send("shop/paid");
    expect(await world.statuses("paid")).toEqual(["COMPLETED", "RUNNING"]);
  });

  it("an event that came before the wait was stored is missed", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) => {
          await step.run("before", () => world.takes("10s"));
          return step.waitForEvent("paid", { event: "shop/paid", timeout: "1h" });
        },
      },
    });
    await world.send("shop/order");
    await world.send("shop/paid");
    await world.advance("30m");
    expect((await world.run("order")).status).toBe("RUNNING");
  });

  it("of the event and the time-out at the same instant one wins, and the run goes on once", async () => {
    const world = await waitingWorld({ timeout: "10s" });
    await world.send("shop/order");
    await world.advance("9999ms");
    const sent = world.server.engine.send([{ name: "shop/paid", data: {} }]);
    await world.advance("1ms");
    await sent;
    await world.advance("1s");
    expect((await world.run("order")).status).toBe("COMPLETED");
    expect(world.calls("order")).toHaveLength(2);
  });

  it("a wait that the app reports again keeps its time-out and what it waits for", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) =>
          Promise.all([
            step.waitForEvent("paid", { event: "shop/paid", timeout: "10s" }),
            step.run("work", () => world.takes("5s"), { parallelMode: "race" }).then(() => step.sleep("nap", "1h")),
          ]),
      },
    });
    await world.send("shop/order");
    await world.advance("9s");
    const { id } = await world.run("order");
    expect((await world.steps(id))["paid"]).toMatchObject({ status: "waiting", until: START + 10_000 });
    await world.advance("1s");
    expect((await world.steps(id))["paid"]).toMatchObject({ status: "timed_out", endedAt: START + 10_000 });
  });

  it("a wait frees its slot as soon as it is stored", async () => {
    const world = await worldOf({
      order: {
        options: { concurrency: 1 },
        script: ({ step }) => step.waitForEvent("paid", { event: "shop/paid", timeout: "1h" }),
      },
    });
    await world.send("shop/order");
    await world.send("shop/order");
    expect(world.callTimes("order")).toEqual([0, 0]);
  });

  it("a wait and what answers it may come in one answer: nothing is missed", async () => {
    const world = await worldOf({
      order: {
        script: async ({ step }) =>
          Promise.all([
            step.run("ask", async () => {
              await world.server.engine.send([{ name: "shop/paid", data: {} }]);
            }),
            step.waitForEvent("paid", { event: "shop/paid", timeout: "1h" }),
          ]),
      },
    });
    await world.send("shop/order");
    expect(await world.run("order")).toMatchObject({ status: "COMPLETED", output: [null, { name: "shop/paid" }] });
  });
});
