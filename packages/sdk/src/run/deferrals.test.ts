import { hashStepId, type WireOp } from "@pawl/protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createDefer } from "../defer/deferred-function.ts";
import { functionConfigs } from "../function/config.ts";
import { call, event, memo, testClient } from "./call.fixture.ts";

const ABORT_OF_A = hashStepId(`${hashStepId("a")}:abort`);

function setup() {
  const client = testClient();
  const score = createDefer(
    client,
    { id: "score", schema: z.object({ n: z.number(), by: z.string().default("me") }) },
    ({ event: e, parents }) => ({
      data: e.data,
      parents,
    }),
  );
  return { client, score };
}

function add(id: string, input: object): object {
  return { op: "DeferAdd", id: hashStepId(id), data: null, opts: { fn_slug: "shop-score", input }, userland: { id } };
}

const names = (ops: readonly WireOp[]): readonly string[] => ops.map(({ op, name }) => `${op} ${name ?? ""}`.trim());

describe("M-077 defer", () => {
  test("what is deferred travels with the next step", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      defer("a", { function: score, data: { n: 1 }, meta: { why: "test" } });
      await step.run("s", () => 1);
      await step.sleep("nap", "1h");
    });
    const { wire } = await call(client, fn);
    expect(wire).toEqual([
      expect.objectContaining({ ...add("a", {}), opts: { fn_slug: "shop-score", input: { n: 1 }, meta: { why: "test" } } }),
      expect.objectContaining({ op: "StepRun", data: 1 }),
    ]);
  });

  test("what the server has recorded is not sent again", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      defer("a", { function: score, data: { n: 1 } });
      defer("b", { function: score, data: { n: 2 } });
      await step.sleep("nap", "1h");
    });
    const { wire } = await call(client, fn, { defers: { [hashStepId("a")]: { abortable: true } } });
    expect(names(wire)).toEqual(["DeferAdd b", "Sleep 1h"]);
  });

  test.each(["off", "on"])("it travels with the run's end, checkpointing %s", async (checkpointing) => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, ({ defer }) => {
      defer("a", { function: score, data: { n: 1 } });
      return "done";
    });
    const outcome = await call(client, fn, checkpointing === "on" ? { save: () => "saved" } : {});
    expect(outcome.wire).toEqual([
      expect.objectContaining(add("a", { n: 1 })),
      expect.objectContaining({ op: "RunComplete", data: "done" }),
    ]);
  });

  test("a checkpoint carries it, and after a checkpoint that failed the answer does", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      defer("a", { function: score, data: { n: 1 } });
      await step.run("s", () => 1);
      defer("b", { function: score, data: { n: 2 } });
      await step.run("t", () => 2);
      defer("c", { function: score, data: { n: 3 } });
    });
    const saved: string[][] = [];
    const good = await call(client, fn, { save: (ops) => (saved.push([...names(ops)]), "saved") });
    expect([saved, names(good.wire)]).toEqual([[["StepRun s", "DeferAdd a", "DeferAdd b"]], ["DeferAdd c", "StepRun t", "RunComplete"]]);
    const bad = await call(client, fn, { save: () => "failed" });
    expect(names(bad.wire)).toEqual(["StepRun s", "DeferAdd a", "DeferAdd b"]);
  });

  test("when the function fails, it is saved before the answer, which can't carry it", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f", checkpointing: false }, ({ defer }) => {
      defer("a", { function: score, data: { n: 1 } });
      throw new Error("no");
    });
    const saved: WireOp[] = [];
    const outcome = await call(client, fn, { save: (ops) => (saved.push(...ops), "saved") });
    expect([outcome.kind, names(saved)]).toEqual(["error", ["DeferAdd a"]]);
    expect(await call(client, fn, { save: () => "stale" })).toMatchObject({ kind: "error", error: { name: "StaleDispatchError" } });
    expect(await call(client, fn)).toMatchObject({ kind: "error", error: { message: "no" } });
    expect(client.logs.join()).toContain("could not be saved");
  });

  test("a step that fails takes it along", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      defer("a", { function: score, data: { n: 1 } });
      await step.run("s", () => Promise.reject(new Error("no")));
    });
    expect(names((await call(client, fn)).wire)).toEqual(["DeferAdd a", "StepError s"]);
  });

  test("each of several parallel steps, called for by itself, reports what it comes by", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      await Promise.all([
        step
          .run("s", () => 1)
          .then(() => defer("a", { function: score, data: { n: 1 } }))
          .then(() => step.run("t", () => 2)),
        step.run("u", () => 3),
      ]);
    });
    const steps = memo({ s: { data: 1 } });
    const ctx = { disable_immediate_execution: true };
    const found = await call(client, fn, { ...steps, ctx });
    expect(names(found.wire)).toEqual(["DeferAdd a", "StepPlanned u", "StepPlanned t"]);
    const target = await call(client, fn, { ...steps, ctx, stepId: hashStepId("t"), defers: { [hashStepId("a")]: { abortable: true } } });
    expect(names(target.wire)).toEqual(["StepRun t"]);
  });

  test("an abort is sent once; what was not sent yet, is not sent at all", async () => {
    const { client, score } = setup();
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      const a = defer("a", { function: score, data: { n: 1 } });
      const b = defer("b", { function: score, data: { n: 2 } });
      a.abort();
      a.abort();
      b.abort();
      await step.sleep("nap", "1h");
    });
    const a = hashStepId("a");
    expect(names((await call(client, fn)).wire)).toEqual(["Sleep 1h"]);
    const { wire } = await call(client, fn, { defers: { [a]: { abortable: true } } });
    expect(wire).toEqual([
      expect.objectContaining({ op: "DeferAbort", id: ABORT_OF_A, opts: { target_hashed_id: a, fn_slug: "shop-score", id: "a" } }),
      expect.objectContaining({ op: "Sleep" }),
    ]);
    expect(names((await call(client, fn, { defers: { [a]: { abortable: false } } })).wire)).toEqual(["Sleep 1h"]);
  });

  test("misuse is logged and has no other consequence", async () => {
    const { client, score } = setup();
    const other = client.createFunction({ id: "other" }, () => 0);
    const fn = client.createFunction({ id: "f" }, ({ defer }) => {
      defer("ok", { function: score, data: { n: 1 } });
      defer("ok", { function: score, data: { n: 2 } }).abort();
      defer("", { function: score, data: { n: 2 } });
      // @ts-expect-error The data doesn't fit the schema.
      defer("schema", { function: score, data: { n: "2" } });
      // @ts-expect-error Not made by createDefer.
      defer("function", { function: other, data: {} });
      // @ts-expect-error Required.
      defer("nothing");
      defer("json", { function: score, data: { n: 1, by: "x" }, meta: { big: 1n } });
      return "done";
    });
    const { wire } = await call(client, fn);
    expect(names(wire)).toEqual(["DeferAdd ok", "RunComplete"]);
    expect(client.logs).toHaveLength(6);
    expect(client.logs[0]).toContain("used twice");
    expect(client.logs[2]).toContain('schema of "shop-score": n:');
    expect(client.logs[5]).toContain("bigint");
  });

  test("property: whatever the server has recorded, each defer is sent once, in order, and before the step", async () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(ids, fc.func(fc.boolean()), async (list, isKnown) => {
        const { client, score } = setup();
        const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
          for (const id of [...list, ...list]) defer(id, { function: score, data: { n: 1 } });
          await step.sleep("nap", "1h");
        });
        const known = list.filter((id) => isKnown(id));
        const defers = Object.fromEntries(known.map((id) => [hashStepId(id), { abortable: true }]));
        const { wire } = await call(client, fn, { defers });
        const expected = list.filter((id) => !known.includes(id)).map((id) => hashStepId(id));
        expect(wire.map(({ id }) => id)).toEqual([...expected, hashStepId("nap")]);
      }),
    );
  });
});

describe("the deferred function", () => {
  const linkage = { fn_slug: "shop-score", parent_fn_slug: "shop-f", parent_run_id: "R" };

  test("is triggered by what is deferred to it", () => {
    const { client, score } = setup();
    expect(client.functions).toEqual([score]);
    expect(functionConfigs(score, { type: "http", url: "http://app/" })).toMatchObject([
      { id: "shop-score", triggers: [{ event: "inngest/deferred.schedule", expression: "event.data._inngest.fn_slug == 'shop-score'" }] },
    ]);
  });

  test("gets the data as its schema yields it, and who deferred", async () => {
    const { client, score } = setup();
    const deferred = { ...event, name: "inngest/deferred.schedule", data: { n: 1, _inngest: linkage } };
    const outcome = await call(client, score, { events: [deferred] });
    expect(outcome).toMatchObject({ kind: "complete" });
    expect(JSON.parse(outcome.kind === "complete" ? outcome.text : "")).toEqual({
      data: { n: 1, by: "me" },
      parents: [{ fnSlug: "shop-f", runId: "R" }],
    });
  });

  test("fails for good on data that doesn't fit", async () => {
    const { client, score } = setup();
    const outcome = await call(client, score, { events: [{ ...event, data: { n: "x", _inngest: linkage } }] });
    expect(outcome).toMatchObject({ kind: "error", noRetry: true, error: { name: "EventValidationError" } });
  });

  test("has no triggers of its own", () => {
    const { client } = setup();
    const triggers = { event: "x" };
    // @ts-expect-error Only `defer` starts it.
    expect(() => createDefer(client, { id: "d", triggers }, () => 0)).toThrow("can't have `triggers`");
  });
});
