/** Functions that a run defers until it has ended. */
import { describe, expect, it } from "vitest";
import { type SeenCall, sdkAnswer, type World, worldOf } from "./world.fixture.ts";

const STEP = { op: "StepRun", id: "s", name: "s", data: 1 };

function defer(id: string, input: unknown, slug = "shop-mail"): object {
  return { op: "DeferAdd", id, opts: { fn_slug: slug, input }, userland: { id } };
}

type Answer = ReturnType<typeof sdkAnswer>;

/** A world with a function that defers in its first call, and one that is deferred to. `end` is what the second call answers. */
async function deferring(ops: readonly object[], end: (call: SeenCall) => Answer = () => sdkAnswer(200, "done")): Promise<World> {
  return worldOf({
    order: { retries: 0, answer: (call) => ("s" in call.body.steps ? end(call) : sdkAnswer(206, [...ops, STEP])) },
    mail: { on: [], script: ({ event }) => event.data },
  });
}

describe("semantics 12.4 defers", () => {
  it("each is started once when the run has ended, with its input, and knows who asked", async () => {
    let seenDefers: unknown;
    const world = await deferring([defer("a", { to: "x" }), defer("b", { to: "y" }), defer("a", { to: "z" })], ({ body }) => {
      seenDefers = (body as { readonly defers?: unknown }).defers;
      return sdkAnswer(200, "done");
    });
    await world.send("shop/order");
    const parent = await world.run("order");
    const runs = await world.runs("mail");
    expect(seenDefers).toEqual({ a: { abortable: true }, b: { abortable: true } });
    expect(runs.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
    expect(runs.map(({ output }) => output)).toEqual(
      ["x", "y"].map((to) => ({ to, _inngest: expect.objectContaining({ parent_run_id: parent.id, parent_fn_slug: "shop-order" }) })),
    );
  });

  it("the event that starts it has the sessions of the run that asked", async () => {
    const world = await deferring([defer("a", {})]);
    await world.server.engine.send([{ name: "shop/order", data: {}, meta: { sessions: { user: "7" } } }]);
    await world.settle();
    expect(await world.events("inngest/deferred.schedule")).toMatchObject([{ meta: { sessions: { user: "7" } } }]);
    expect((await world.run("mail")).sessions).toBe('[["user","7"]]');
  });

  it("not before the run has ended", async () => {
    const world = await deferring([defer("a", {})], () => sdkAnswer(206, [{ op: "Sleep", id: "nap", name: "1h" }]));
    await world.send("shop/order");
    await world.advance("59m");
    expect(await world.runs("mail")).toEqual([]);
  });

  it("also when the run fails, and when it is cancelled", async () => {
    const failing = await deferring([defer("a", {})], () =>
      sdkAnswer(400, { name: "Error", message: "no" }, { "x-inngest-no-retry": "true" }),
    );
    await failing.send("shop/order");
    expect([await failing.statuses("order"), await failing.statuses("mail")]).toEqual([["FAILED"], ["COMPLETED"]]);
    const cancelled = await deferring([defer("a", {})], () => sdkAnswer(206, [{ op: "Sleep", id: "nap", name: "1h" }]));
    await cancelled.send("shop/order");
    await cancelled.cancel((await cancelled.run("order")).id);
    expect([await cancelled.statuses("order"), await cancelled.statuses("mail")]).toEqual([["CANCELLED"], ["COMPLETED"]]);
  });

  it("one that is aborted is not started", async () => {
    const abort = { op: "DeferAbort", id: "x", opts: { target_hashed_id: "a" } };
    const world = await deferring([defer("a", { n: 1 }), defer("b", { n: 2 }), abort]);
    await world.send("shop/order");
    expect((await world.runs("mail")).map(({ output }) => (output as { readonly n: number }).n)).toEqual([2]);
  });

  it("one that breaks a limit is rejected, and the run goes on", async () => {
    const world = await deferring([defer("a", [1]), defer("b", {}, ""), ...Array.from({ length: 20 }, (_, n) => defer(`n${n}`, { n }))]);
    await world.send("shop/order");
    expect([await world.statuses("order"), (await world.runs("mail")).length]).toEqual([["COMPLETED"], 18]);
  });

  it("they count neither as parallel nor as pending steps", async () => {
    const world = await deferring([defer("a", {}), defer("b", {})]);
    await world.send("shop/order");
    const [, second] = world.calls("order");
    expect(second?.body.ctx).toMatchObject({ disable_immediate_execution: false, stack: { stack: ["s"] } });
  });
});
