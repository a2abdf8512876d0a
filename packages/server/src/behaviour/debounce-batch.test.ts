/** Events that are held to start a run together: the last of several, or all of them. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A function that gives back the numbers of its events. */
function collecting(options: Readonly<Record<string, unknown>>): Promise<World> {
  return worldOf({ f: { options, script: ({ events }) => events.map(({ data }) => data["n"]) } });
}

/** Sends an event at an instant, seconds since the world began. */
async function sendAt(world: World, seconds: number, { ts, ...data }: Readonly<Record<string, unknown>>): Promise<string> {
  await world.server.clock.advance(START + seconds * 1_000 - world.server.clock.now());
  return world.send("shop/f", data, typeof ts === "number" ? { ts } : {});
}

/** What runs got, and when they began, in seconds. */
async function collected(world: World): Promise<readonly (readonly [unknown, number])[]> {
  return (await world.runs("f")).map(({ output, began }) => [output, (began ?? Number.NaN) / 1_000] as const);
}

describe("semantics 6.5 debounce", () => {
  it("the last event starts a run when none has come for the period", async () => {
    const world = await collecting({ debounce: { period: "5s" } });
    for (const seconds of [0, 1, 4]) await sendAt(world, seconds, { n: seconds });
    expect(await world.runs("f")).toEqual([]);
    await world.advance("1h");
    expect(await collected(world)).toEqual([[[4], 9]]);
  });

  it("never later than the time-out after the first", async () => {
    const world = await collecting({ debounce: { period: "5s", timeout: "12s" } });
    for (const seconds of [0, 4, 8, 11]) await sendAt(world, seconds, { n: seconds });
    await world.advance("1h");
    expect(await collected(world)).toEqual([[[11], 12]]);
  });

  it("an event with an earlier ts changes nothing", async () => {
    const world = await collecting({ debounce: { period: "5s" } });
    await sendAt(world, 0, { n: 1 });
    const late = await sendAt(world, 3, { n: 2, ts: START - 1 });
    await world.advance("1h");
    expect(await collected(world)).toEqual([[[1], 5]]);
    expect((await world.outcomes(late)).map(({ reason }) => reason)).toEqual(["debounce-older-event"]);
  });

  it("each value of the key has its own; events without it share one", async () => {
    const world = await collecting({ debounce: { period: "5s", key: "event.data.user" } });
    for (const [n, user] of ["a", "b", "a", undefined, undefined].entries())
      await sendAt(world, n, { n, ...(user === undefined ? {} : { user }) });
    await world.advance("1h");
    expect(await collected(world)).toEqual([
      [[1], 6],
      [[2], 7],
      [[4], 9],
    ]);
  });

  it("the next event begins another", async () => {
    const world = await collecting({ debounce: { period: "1s" } });
    await sendAt(world, 0, { n: 1 });
    await sendAt(world, 2, { n: 2 });
    await world.advance("1h");
    expect(await collected(world)).toEqual([
      [[1], 1],
      [[2], 3],
    ]);
  });

  it("every event says what became of it", async () => {
    const world = await collecting({ debounce: { period: "5s" } });
    const ids = [await sendAt(world, 0, { n: 1 }), await sendAt(world, 1, { n: 2 })];
    await world.advance("1h");
    const all = await Promise.all(ids.map(async (id) => (await world.outcomes(id)).map(({ reason }) => reason).toSorted()));
    expect(all).toEqual([["debounce-superseded", "debounced"], ["debounced"]]);
  });

  it("an invoker whose event is superseded is told; the other gets the result", async () => {
    const world = await worldOf({
      f: { options: { debounce: { period: "5s" } }, script: () => "debounced" },
      parent: {
        script: async ({ step }) => {
          try {
            return await step.invoke("call", { function_id: "shop-f", payload: {} });
          } catch (error) {
            return `error: ${String(error)}`;
          }
        },
      },
    });
    await world.send("shop/parent");
    await world.advance("1s");
    await world.send("shop/parent");
    await world.advance("1m");
    const [first, second] = await world.runs("parent");
    expect(first?.output).toContain("a later event took its place");
    expect(second?.output).toBe("debounced");
  });

  it("a registration keeps it, and the newest configuration runs; for a function that is gone it is dropped", async () => {
    const world = await worldOf({
      f: { options: { debounce: { period: "5s" } }, script: () => 1 },
      g: { options: { debounce: { period: "5s" } }, script: () => 1 },
    });
    await world.send("shop/f");
    await world.send("shop/g");
    await world.register({ f: { retries: 2 } });
    await world.advance("1h");
    expect(world.calls("f")[0]?.body.ctx.max_attempts).toBe(3);
    expect(world.calls("g")).toEqual([]);
  });

  it("the id that a sender gave does not keep a later debounce from starting", async () => {
    const world = await collecting({ debounce: { period: "1s" } });
    await world.send("shop/f", { n: 1 }, { id: "A" });
    await world.advance("1m");
    await world.send("shop/f", { n: 2 }, { id: "A" });
    await world.advance("1m");
    expect((await collected(world)).map(([output]) => output)).toEqual([[1], [2]]);
  });

  it("an event of the future delays the run beyond the debounce", async () => {
    const world = await collecting({ debounce: { period: "5s" } });
    await sendAt(world, 0, { n: 1, ts: START + 60_000 });
    await world.advance("1h");
    expect(await collected(world)).toEqual([[[1], 60]]);
  });

  it("a cancellation does not reach an event that is held", async () => {
    const world = await collecting({ debounce: { period: "5s" }, cancel: [{ event: "shop/stop" }] });
    await world.send("shop/f", { n: 1 });
    await world.send("shop/stop");
    await world.advance("1m");
    expect(await collected(world)).toEqual([[[1], 5]]);
  });
});

describe("semantics 6.6 batching", () => {
  it("a full batch is a run at once, with all its events in order; the rest follows at the time-out", async () => {
    const world = await collecting({ batchEvents: { maxSize: 4, timeout: "3s" } });
    for (let n = 0; n < 6; n++) await world.send("shop/f", { n });
    await world.advance("1m");
    expect(await collected(world)).toEqual([
      [[0, 1, 2, 3], 0],
      [[4, 5], 3],
    ]);
    expect(world.calls("f")[0]?.body.event).toEqual(world.calls("f")[0]?.body.events[0]);
  });

  it("many events in one request, each in one batch", async () => {
    const world = await collecting({ batchEvents: { maxSize: 10, timeout: "3s" } });
    await world.server.engine.send(Array.from({ length: 25 }, (_, n) => ({ name: "shop/f", data: { n } })));
    await world.advance("1m");
    const all = (await collected(world)).flatMap(([output]) => output as readonly number[]);
    expect(all).toEqual(Array.from({ length: 25 }, (_, n) => n));
    expect((await collected(world)).map(([output]) => (output as readonly number[]).length)).toEqual([10, 10, 5]);
  });

  it("the time-out counts from the first event", async () => {
    const world = await collecting({ batchEvents: { maxSize: 10, timeout: "3s" } });
    for (const seconds of [0, 1, 2]) await sendAt(world, seconds, { n: seconds });
    await world.advance("1m");
    expect(await collected(world)).toEqual([[[0, 1, 2], 3]]);
  });

  it("each value of the key has its own; events without it share one", async () => {
    const world = await collecting({ batchEvents: { maxSize: 2, timeout: "3s", key: "event.data.user" } });
    for (const [n, user] of ["a", "b", "a", undefined, undefined].entries())
      await world.send("shop/f", { n, ...(user === undefined ? {} : { user }) });
    await world.advance("1m");
    const outputs = (await collected(world)).map(([output]) => JSON.stringify(output));
    expect(outputs.toSorted()).toEqual(["[0,2]", "[1]", "[3,4]"]);
  });

  it("an event for which the condition does not hold has a run of its own, at once", async () => {
    const world = await collecting({ batchEvents: { maxSize: 10, timeout: "3s", if: "event.data.n < 2" } });
    for (const n of [0, 1, 2]) await world.send("shop/f", { n });
    await world.advance("1m");
    expect((await collected(world)).toSorted(([, a], [, b]) => a - b)).toEqual([
      [[2], 0],
      [[0, 1], 3],
    ]);
  });

  it("ten MiB of events are full, too", async () => {
    const world = await worldOf({
      f: { options: { batchEvents: { maxSize: 100, timeout: "1h" } }, answer: () => ({ kind: "no-response", code: "x", message: "x" }) },
    });
    for (let n = 0; n < 3; n++) await world.send("shop/f", { text: "x".repeat(2_900_000) });
    expect(await world.runs("f")).toEqual([]);
    await world.send("shop/f", { text: "x".repeat(2_900_000) });
    expect((await world.run("f")).eventIds).toHaveLength(4);
  });

  it("it starts at its time although its events are of the future", async () => {
    const world = await collecting({ batchEvents: { maxSize: 5, timeout: "3s" } });
    for (const n of [1, 2]) await world.send("shop/f", { n }, { ts: START + 3_600_000 });
    await world.advance("3s");
    expect(await collected(world)).toEqual([[[1, 2], 3]]);
  });

  it("a registration without batching lets an open batch become its run", async () => {
    const world = await collecting({ batchEvents: { maxSize: 10, timeout: "3s" } });
    await world.send("shop/f", { n: 1 });
    await world.register({ f: {} });
    await world.advance("1m");
    expect(await collected(world)).toEqual([[[1], 3]]);
  });

  it("invokers of one batch all get its result", async () => {
    const world = await worldOf({
      f: { options: { batchEvents: { maxSize: 2, timeout: "1m" } }, script: ({ events }) => events.length },
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-f", payload: {} }) },
    });
    await world.send("shop/parent");
    await world.send("shop/parent");
    await world.advance("1s");
    expect((await world.runs("parent")).map(({ output }) => output)).toEqual([2, 2]);
  });

  it("the finish time-out counts for its run", async () => {
    const world = await worldOf({
      f: {
        options: { batchEvents: { maxSize: 2, timeout: "1m" }, timeouts: { finish: "5s" } },
        script: ({ step }) => step.sleep("nap", "1h"),
      },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.advance("1m");
    expect(await world.run("f")).toMatchObject({ status: "CANCELLED", ended: 5_000 });
  });
});
