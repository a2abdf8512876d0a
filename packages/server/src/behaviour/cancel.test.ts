/** Cancelling runs: by events, through the API, and what it does. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that sleeps for an hour and is cancelled as given. */
function cancellable(
  cancel: readonly Readonly<Record<string, unknown>>[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<World> {
  return worldOf({ f: { options: { cancel, ...options }, script: ({ step }) => step.sleep("nap", "1h") } });
}

const SAME = { event: "shop/stop", if: "event.data.n == async.data.n" };

describe("semantics 7.1 cancelOn", () => {
  it("an event whose condition holds for the run's event cancels it, in all such runs", async () => {
    const world = await cancellable([SAME]);
    for (const n of [1, 2, 1]) await world.send("shop/f", { n });
    await world.send("shop/stop", { n: 1 });
    expect(await world.statuses("f")).toEqual(["CANCELLED", "RUNNING", "CANCELLED"]);
  });

  it("without a condition it cancels every run", async () => {
    const world = await cancellable([{ event: "shop/stop" }]);
    await world.send("shop/f");
    await world.send("shop/f");
    await world.send("shop/stop");
    expect(await world.statuses("f")).toEqual(["CANCELLED", "CANCELLED"]);
  });

  it("any of several entries cancels", async () => {
    const world = await cancellable([SAME, { event: "shop/closed" }]);
    await world.send("shop/f", { n: 1 });
    await world.send("shop/closed");
    expect(await world.statuses("f")).toEqual(["CANCELLED"]);
  });

  it("names are exact", async () => {
    const world = await cancellable([{ event: "shop/*" }]);
    await world.send("shop/f");
    await world.send("shop/stop");
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
  });

  it("a condition that can't hold for the run's event is not registered", async () => {
    const world = await cancellable([{ event: "shop/stop", if: "event.data.n == 2" }]);
    await world.send("shop/f", { n: 1 });
    await world.send("shop/stop");
    const { id, status } = await world.run("f");
    expect(status).toBe("RUNNING");
    expect(await world.server.engine.store.pauseById(`${id}/cancel/0`)).toBeUndefined();
  });

  it("it cancels runs that wait for their start: for the future and for a slot", async () => {
    const world = await worldOf({
      f: { options: { cancel: [{ event: "shop/stop" }], concurrency: 1 }, script: ({ step }) => step.run("w", () => world.takes("1h")) },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.send("shop/f", {}, { ts: START + 60_000 });
    await world.send("shop/stop");
    expect(await world.statuses("f")).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
    await world.advance("2h");
    expect(world.calls("f")).toHaveLength(1);
  });

  it.each([
    ["30m", 1_800_000],
    [new Date(START + 600_000).toISOString(), 600_000],
  ])("after its time-out (%s) an entry does not count any more", async (timeout, ms) => {
    const world = await cancellable([{ event: "shop/stop", timeout }]);
    await world.send("shop/f");
    await world.server.clock.advance(ms);
    await world.send("shop/stop");
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
  });

  it("the event that started the run does not cancel it, an equal one that comes later does", async () => {
    const world = await cancellable([{ event: "shop/f", if: "event.data.n == async.data.n" }]);
    await world.send("shop/f", { n: 1 });
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
    await world.send("shop/f", { n: 1 });
    expect(await world.statuses("f")).toEqual(["CANCELLED", "RUNNING"]);
  });

  it("an event that was sent before the run's does not cancel it", async () => {
    const world = await cancellable([{ event: "shop/stop" }]);
    await world.server.engine.send([
      { name: "shop/stop", data: {} },
      { name: "shop/f", data: {} },
    ]);
    await world.advance("1s");
    expect(await world.statuses("f")).toEqual(["RUNNING"]);
  });

  it("of a run that has ended nothing is cancelled", async () => {
    const world = await cancellable([{ event: "shop/stop" }]);
    await world.send("shop/f");
    await world.advance("1h");
    await world.send("shop/stop");
    expect(await world.statuses("f")).toEqual(["COMPLETED"]);
  });
});

describe("semantics 7.2 API", () => {
  it("a run is cancelled through REST; again, and for a run that has ended, it is no error", async () => {
    const world = await cancellable([]);
    await world.send("shop/f");
    const { id } = await world.run("f");
    expect((await world.server.delete(`/v1/runs/${id}`)).status).toBe(200);
    expect((await world.server.delete(`/v1/runs/${id}`)).status).toBe(200);
    expect((await world.run("f")).status).toBe("CANCELLED");
    expect((await world.server.delete("/v1/runs/01K7000000000000000000000F")).status).toBe(404);
    expect((await world.server.delete("/v1/runs/nonsense")).status).toBe(400);
  });
});

describe("semantics 7.2 API: bulk cancellation", () => {
  const iso = (ms: number): string => new Date(START + ms).toISOString();

  it("cancels the runs of a function that were queued in a span of time and whose event fits", async () => {
    const world = await cancellable([]);
    for (const n of [1, 2, 1]) {
      await world.send("shop/f", { n });
      await world.advance("1m");
    }
    const { status, body } = await world.post("/v1/cancellations", {
      app_id: "shop",
      function_id: "shop-f",
      started_after: iso(-1),
      started_before: iso(100_000),
      if: "event.data.n == 1",
    });
    expect([status, body.data.id !== ""]).toEqual([200, true]);
    await world.advance("1m");
    expect(await world.statuses("f")).toEqual(["CANCELLED", "RUNNING", "RUNNING"]);
    expect((await world.get("/v1/cancellations")).body.data).toHaveLength(1);
  });

  it.each([
    [{}, 400, "app_id is required"],
    [{ app_id: "shop" }, 400, "function_id is required"],
    [{ app_id: "shop", function_id: "shop-f" }, 400, "started_before is required"],
    [{ app_id: "shop", function_id: "shop-f", started_before: iso(6_000) }, 400, "started_before must be in the past"],
    [
      { app_id: "shop", function_id: "shop-f", started_before: iso(0), started_after: iso(0) },
      400,
      "started_after must be before started_before",
    ],
    [{ app_id: "shop", function_id: "shop-nobody", started_before: iso(0) }, 404, "function not found"],
    [{ app_id: "shop", function_id: "shop-f", started_before: iso(0), if: "event.data.n ==" }, 400, "invalid expression"],
  ])("%j is refused with %i: %s", async (request, status, message) => {
    const world = await cancellable([]);
    const answer = await world.post("/v1/cancellations", request);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(message);
  });
});

describe("semantics 7.3 effects", () => {
  it("the run ends with a reason, and its items, waits and steps are gone", async () => {
    const world = await worldOf({
      f: {
        script: ({ step }) =>
          Promise.all([
            step.waitForEvent("w", { event: "shop/x", timeout: "1d" }),
            step.sleep("nap", "1h"),
            step.invoke("i", { function_id: "shop-g" }),
          ]),
      },
      g: { on: [], script: ({ step }) => step.sleep("nap", "1m") },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const { id } = await world.run("f");
    await world.server.engine.cancel(id, "Nobody needs it.");
    expect(await world.run("f")).toMatchObject({ status: "CANCELLED", ended: 1_000, endReason: "Nobody needs it." });
    expect(await world.items(id)).toEqual([]);
    expect(Object.values(await world.steps(id)).map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    // What it invoked goes on.
    await world.advance("1m");
    expect(await world.statuses("g")).toEqual(["COMPLETED"]);
  });

  it("its slot is free at once, although the app may go on", async () => {
    const world = await worldOf({
      f: { options: { concurrency: 1 }, script: ({ step }) => step.run("work", () => world.takes("1h")) },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.advance("1s");
    const [first] = await world.runs("f");
    await world.cancel(first?.id ?? "");
    await world.advance("1s");
    expect(world.callTimes("f")).toEqual([0, 1_000]);
  });

  it("cancelled and finished events are sent, no failed one", async () => {
    const world = await cancellable([]);
    await world.send("shop/f");
    const { id } = await world.run("f");
    await world.cancel(id);
    await world.cancel(id);
    expect((await world.events("inngest/function.cancelled")).map(({ id: eventId }) => eventId)).toEqual([id]);
    expect(await world.events("inngest/function.finished")).toHaveLength(1);
    expect(await world.events("inngest/function.failed")).toEqual([]);
  });
});
