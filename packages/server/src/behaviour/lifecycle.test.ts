/** The life of a run: its statuses, what it records, the events that tell of its end, and who handles its failure. */
import { describe, expect, it } from "vitest";
import { hashStepId } from "@pawl/protocol";
import { NoRetryError, START, worldOf } from "./world.fixture.ts";

const fails = (): never => {
  throw new NoRetryError("no stock");
};

describe("semantics 3.1 ids, versions, stored data", () => {
  it("a run's id tells when it was queued", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    await world.advance("5s");
    await world.send("shop/f");
    const { id, queuedAt } = await world.run("f");
    expect(queuedAt).toBe(START + 5_000);
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    const later = await worldOf({ f: { script: () => 1 } });
    await later.advance("6s");
    await later.send("shop/f");
    expect((await later.run("f")).id.slice(0, 10) > id.slice(0, 10)).toBe(true);
  });

  it("each registration that changes something raises the version; runs note theirs and execute the newest", async () => {
    const world = await worldOf({ f: { retries: 3, script: ({ step }) => step.sleep("nap", "1m") } });
    await world.send("shop/f");
    await world.register({ f: { retries: 1 } });
    await world.register({ f: { retries: 1 } });
    await world.send("shop/f");
    await world.advance("1m");
    expect((await world.runs("f")).map(({ functionVersion }) => functionVersion)).toEqual([1, 2]);
    expect(world.calls("f").map(({ body }) => body.ctx.max_attempts)).toEqual([4, 2, 2, 2]);
  });

  it("the request version is the one of the first answer with ops, and stays", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          await step.run("a", () => 1);
          await step.run("b", () => 1);
        },
      },
    });
    await world.send("shop/f");
    expect(world.calls("f").map(({ body }) => body.version)).toEqual([-1, 2, 2]);
  });

  it("a run that goes on although its function is gone from the app ends", async () => {
    const world = await worldOf({ f: { script: ({ step }) => step.sleep("nap", "1m") }, other: { script: () => 1 } });
    await world.send("shop/f");
    await world.register({ other: {} });
    await world.advance("1m");
    const { id } = world.server.engine.registry.functions().find(({ slug }) => slug === "shop-f") ?? { id: "" };
    const runs = await world.server.engine.store.history.listRuns({
      filter: { functionIds: [id] },
      timeField: "queuedAt",
      order: "asc",
      limit: 2,
    });
    expect(runs.map(({ status }) => status)).toEqual(["COMPLETED"]);
  });
});

describe("semantics 3.2 statuses", () => {
  it("queued while nothing has been called, running from the first call on, then completed", async () => {
    const world = await worldOf({
      f: { options: { concurrency: 1 }, script: ({ step }) => step.run("work", () => world.takes("10s")) },
    });
    await world.send("shop/f");
    await world.send("shop/f");
    await world.advance("1s");
    expect(await world.statuses("f")).toEqual(["RUNNING", "QUEUED"]);
    await world.advance("10s");
    expect(await world.statuses("f")).toEqual(["COMPLETED", "RUNNING"]);
    await world.advance("10s");
    const [, second] = await world.runs("f");
    expect(second).toMatchObject({ status: "COMPLETED", queuedAt: START, began: 10_000, ended: 20_000 });
  });

  it("a duplicate leaves no run, but an outcome", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    await world.send("shop/f", {}, { id: "A" });
    const id = await world.send("shop/f", {}, { id: "A" });
    expect(await world.runs("f")).toHaveLength(1);
    expect(await world.outcomes(id)).toMatchObject([{ reason: "duplicate-event-id", detail: (await world.run("f")).id }]);
  });
});

describe("semantics 3.3 scheduling", () => {
  it("an event of the future starts its run then; a cancellation counts already", async () => {
    const world = await worldOf({ f: { options: { cancel: [{ event: "shop/stop" }] }, script: () => 1 } });
    await world.send("shop/f", {}, { ts: START + 60_000 });
    await world.send("shop/f", {}, { ts: START + 120_000 });
    expect(await world.statuses("f")).toEqual(["QUEUED", "QUEUED"]);
    await world.advance("59s");
    expect(world.calls("f")).toEqual([]);
    await world.advance("1s");
    expect((await world.runs("f"))[0]).toMatchObject({ status: "COMPLETED", began: 60_000 });
    await world.send("shop/stop");
    expect((await world.runs("f"))[1]?.status).toBe("CANCELLED");
    await world.advance("2m");
    expect(world.calls("f")).toHaveLength(1);
  });

  it("an event of the past starts its run now", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    await world.send("shop/f", {}, { ts: START - 1_000_000 });
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", began: 0 });
  });
});

describe("semantics 3.4 start, end, output", () => {
  it("the start is the beginning of the first call, and is set once", async () => {
    let tries = 0;
    const world = await worldOf({
      f: {
        script: async () => {
          await world.takes("5s");
          if (++tries === 1) throw new Error("busy");
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect(await world.run("f")).toMatchObject({ began: 0, ended: 25_000 });
  });

  it("the output is what the function returned, as it is", async () => {
    const value = { b: [1, null, "ü"], a: { deep: true } };
    const world = await worldOf({ f: { script: () => value }, nothing: { on: "shop/f", script: () => undefined } });
    await world.send("shop/f");
    expect((await world.run("f")).output).toEqual(value);
    expect((await world.run("nothing")).output).toBeNull();
  });

  it("the first of several ends counts, and tells of itself once", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          const opts = { parallelMode: "race" };
          await Promise.race([step.run("a", () => 1, opts), step.run("b", () => 2, opts)]);
          return "end";
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect((await world.run("f")).status).toBe("COMPLETED");
    expect(await world.events("inngest/function.finished")).toHaveLength(1);
  });

  it("nothing of the run is left in the queue or among the waits", async () => {
    const world = await worldOf({
      f: {
        options: { cancel: [{ event: "shop/stop" }] },
        script: async ({ step }) => {
          const opts = { parallelMode: "race" };
          const wait = step.op("w", { op: "WaitForEvent", opts: { event: "shop/x", timeout: "1h", ...opts } });
          return Promise.race([wait, step.op("nap", { op: "Sleep", name: "1d", opts }), step.run("a", () => "a", opts)]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    const { id, status } = await world.run("f");
    expect([status, await world.items(id)]).toEqual(["COMPLETED", []]);
    expect(await world.server.engine.store.pauseById(`${id}/${hashStepId("w")}`)).toBeUndefined();
    expect(await world.server.engine.store.pauseById(`${id}/cancel/0`)).toBeUndefined();
  });
});

describe("semantics 1.11 internal events", () => {
  it("every end is told by finished; failures and cancellations by an event with the run's id, too", async () => {
    const world = await worldOf({
      good: { on: "shop/f", script: () => 1 },
      bad: { on: "shop/f", script: fails },
      long: { on: "shop/f", script: ({ step }) => step.sleep("nap", "1h") },
    });
    await world.send("shop/f");
    await world.cancel((await world.run("long")).id);
    await world.advance("1s");
    const [good, bad, long] = await Promise.all(["good", "bad", "long"].map((name) => world.run(name)));
    const finished = await world.events("inngest/function.finished");
    expect(new Set(finished.map(({ data }) => data["run_id"]))).toEqual(new Set([good?.id, bad?.id, long?.id]));
    expect(finished).toHaveLength(3);
    expect((await world.events("inngest/function.failed")).map(({ id }) => id)).toEqual([bad?.id]);
    expect((await world.events("inngest/function.cancelled")).map(({ id }) => id)).toEqual([long?.id]);
  });

  it("runs that failed or finished events started tell nothing; runs that a cancelled event started do", async () => {
    const world = await worldOf({
      bad: { script: fails },
      long: { script: ({ step }) => step.sleep("nap", "1h") },
      onFailed: { on: "inngest/function.failed", script: fails },
      onFinished: { on: "inngest/function.finished", script: fails },
      onCancelled: { on: "inngest/function.cancelled", script: () => 1 },
    });
    await world.send("shop/bad");
    await world.send("shop/long");
    await world.cancel((await world.run("long")).id);
    await world.advance("1m");
    expect(await world.runs("onFailed")).toHaveLength(1);
    // bad, long, onCancelled
    expect(await world.runs("onFinished")).toHaveLength(3);
    expect(await world.runs("onCancelled")).toHaveLength(1);
  });

  it("a function that cancellations start, and that is cancelled itself, does not start itself again", async () => {
    const world = await worldOf({
      long: { script: ({ step }) => step.sleep("nap", "1h") },
      onCancelled: {
        on: "inngest/function.cancelled",
        options: { timeouts: { finish: "10s" } },
        script: ({ step }) => step.sleep("nap", "1h"),
      },
    });
    await world.send("shop/long");
    await world.cancel((await world.run("long")).id);
    await world.advance("2m");
    expect((await world.runs("onCancelled")).map(({ status }) => status)).toEqual(["CANCELLED"]);
    expect(await world.events("inngest/function.cancelled")).toHaveLength(1);
    expect(await world.events("inngest/function.finished")).toHaveLength(2);
  });

  it("they end waits", async () => {
    const world = await worldOf({
      bad: { script: fails },
      watch: {
        script: ({ step }) =>
          step.waitForEvent("w", { event: "inngest/function.failed", if: "async.data.function_id == 'shop-bad'", timeout: "1h" }),
      },
    });
    await world.send("shop/watch");
    await world.send("shop/bad");
    await world.advance("1s");
    expect(await world.run("watch")).toMatchObject({ status: "COMPLETED", output: { data: { function_id: "shop-bad" } } });
  });
});

describe("semantics 8.1 onFailure", () => {
  const handler = { on: [{ event: "inngest/function.failed", expression: "event.data.function_id == 'shop-f'" }] };

  it("the handler runs at once, once for each run that failed, with its error and event", async () => {
    const world = await worldOf({
      f: { script: fails },
      other: { script: fails },
      "f-failure": { ...handler, script: ({ event }) => event.data },
    });
    await world.send("shop/f", { n: 1 });
    await world.send("shop/other");
    const handled = await world.run("f-failure");
    expect(handled).toMatchObject({
      began: 0,
      output: { run_id: (await world.run("f")).id, error: { message: "no stock" }, event: { name: "shop/f", data: { n: 1 } } },
    });
  });

  it("once also where several branches fail", async () => {
    const world = await worldOf({
      f: { script: ({ step }) => Promise.all([step.run("a", fails), step.run("b", fails)]) },
      "f-failure": { ...handler, script: () => 1 },
    });
    await world.send("shop/f");
    await world.advance("1h");
    expect(await world.statuses("f")).toEqual(["FAILED"]);
    expect(await world.runs("f-failure")).toHaveLength(1);
  });

  it("not for a run that was cancelled, and not for its own failure", async () => {
    const world = await worldOf({
      f: { script: ({ step, event }) => (event.data["fails"] === true ? fails() : step.sleep("nap", "1h")) },
      "f-failure": { on: "inngest/function.failed", script: fails },
    });
    await world.send("shop/f");
    await world.cancel((await world.run("f")).id);
    await world.advance("1s");
    expect(await world.runs("f-failure")).toEqual([]);
    await world.send("shop/f", { fails: true });
    await world.advance("1h");
    expect(await world.statuses("f-failure")).toEqual(["FAILED"]);
  });
});

describe("semantics 8.2 shape of lifecycle events", () => {
  it("completed: result, no error", async () => {
    const world = await worldOf({ f: { script: () => ({ ok: 1 }) } });
    const eventId = await world.send("shop/f", { n: 1 });
    const [finished] = await world.events("inngest/function.finished");
    const { id } = await world.run("f");
    expect(finished?.data).toEqual({
      function_id: "shop-f",
      run_id: id,
      event: { name: "shop/f", data: { n: 1 }, user: {}, id: eventId, ts: START },
      events: [{ name: "shop/f", data: { n: 1 }, user: {}, id: eventId, ts: START }],
      result: { ok: 1 },
      _inngest: { status: "Completed" },
    });
    expect([finished?.ts, finished?.id === id]).toEqual([START, false]);
  });

  it("failed: error; cancelled: neither", async () => {
    const world = await worldOf({ f: { script: fails }, g: { script: ({ step }) => step.sleep("nap", "1h") } });
    await world.send("shop/f");
    await world.send("shop/g");
    await world.cancel((await world.run("g")).id);
    const [failed] = await world.events("inngest/function.failed");
    expect(failed?.data).toMatchObject({ error: { name: "NoRetryError", message: "no stock" }, _inngest: { status: "Failed" } });
    const [cancelled] = await world.events("inngest/function.cancelled");
    expect(cancelled?.data).toMatchObject({ function_id: "shop-g", _inngest: { status: "Cancelled" } });
    expect(Object.keys(cancelled?.data ?? {})).not.toContain("error");
    expect(Object.keys(cancelled?.data ?? {})).not.toContain("result");
  });

  it("the sessions of the run's event are copied", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    await world.server.engine.send([{ name: "shop/f", data: {}, meta: { sessions: { cart: "c1" } } }]);
    await world.advance("1s");
    const [finished] = await world.events("inngest/function.finished");
    expect(finished).toMatchObject({ meta: { sessions: { cart: "c1" } } });
  });

  it("an invoked run's event names the step that waits", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {} }) },
      child: { on: [], script: () => 1 },
    });
    await world.send("shop/parent");
    const { id } = await world.run("parent");
    const finished = await world.events("inngest/function.finished");
    expect(finished.map(({ data }) => data["correlation_id"])).toEqual([`${id}.${hashStepId("call")}`, undefined]);
  });
});
