/** Functions that start when a run has ended, of our client and the official one, against the server as users start it. */
import type { UiRunDetail, UiRunRow } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFER_CLIENTS, type DeferApp, type DeferClient } from "./load-defer.ts";
import { DeferWorld } from "./world.ts";

const VARIANTS = (
  [...DEFER_CLIENTS.map((client) => ({ client, transport: "HTTP" })), { client: "pawl", transport: "Connect" }] as const
).flatMap((variant) => [true, false].map((checkpointing) => ({ ...variant, checkpointing })));

/** One function for each way in which a run defers and ends, and the one that is deferred to. */
function define(client: DeferClient, app: DeferApp): readonly unknown[] {
  const note = client.createDefer(app, { id: "note" }, async ({ event, parents, step }) => {
    const { _inngest, ...data } = event.data;
    return step.run("echo", () => ({ data, parents: parents.map(({ fnSlug, runId }) => ({ fnSlug, runId })) }));
  });
  const on = (id: string, handler: Parameters<DeferApp["createFunction"]>[1]): unknown =>
    app.createFunction({ id, retries: 0, triggers: [{ event: `test/${id}` }] }, handler);
  return [
    note,
    on("steps", async ({ defer, step }) => {
      defer("first", { function: note, data: { n: 1 } });
      await step.run("a", () => 1);
      defer("second", { function: note, data: { n: 2 } });
      await step.sleep("nap", "1s");
      await step.run("b", () => 2);
      return "done";
    }),
    on("parallel", async ({ defer, step }) => {
      await Promise.all(
        [1, 2].map(async (n) => {
          await step.run(`s${n}`, () => n);
          defer(`d${n}`, { function: note, data: { n } });
          await step.run(`t${n}`, () => n);
        }),
      );
      return "done";
    }),
    on("bare", ({ defer }) => {
      defer("only", { function: note, data: { n: 1 } });
      return "done";
    }),
    on("abort", async ({ defer, step }) => {
      const taken = defer("taken-back", { function: note, data: { n: 1 } });
      defer("kept", { function: note, data: { n: 2 } });
      await step.run("a", () => 1);
      await step.sleep("nap", "1s");
      taken.abort();
      await step.run("b", () => 2);
      return "done";
    }),
    on("failing", async ({ defer, step }) => {
      await step.run("a", () => 1);
      defer("after", { function: note, data: { n: 1 } });
      throw new client.NonRetriableError("no");
    }),
    on("failing-at-once", ({ defer }) => {
      defer("after", { function: note, data: { n: 1 } });
      throw new client.NonRetriableError("no");
    }),
  ];
}

/** Runs a function to its end; then what `count` deferred runs that it asked for have been given. */
async function deferredBy(
  world: DeferWorld,
  { id, count }: { readonly id: string; readonly count: number },
): Promise<{ readonly parent: UiRunDetail; readonly data: readonly unknown[] }> {
  const parent = await world.watch.endedRunOf(await world.send(id), `shop-${id}`);
  return { parent, data: await outputsOf(world, { parent: { fnSlug: `shop-${id}`, runId: parent.run.id }, count }) };
}

async function outputsOf(
  world: DeferWorld,
  { parent, count }: { readonly parent: { readonly fnSlug: string; readonly runId: string }; readonly count: number },
): Promise<readonly unknown[]> {
  const seen = new Map<string, unknown>();
  const endedRuns = (): readonly UiRunRow[] => world.runsOf("note").filter(({ endedAt }) => endedAt !== undefined);
  for (;;) {
    const ended = endedRuns();
    for (const { id } of ended) if (!seen.has(id)) seen.set(id, JSON.parse((await world.watch.detail(id)).output ?? "null"));
    const mine = [...seen.values()].filter((output) => {
      const { parents = [] } = (output ?? {}) as { readonly parents?: readonly object[] };
      return parents.some((one) => JSON.stringify(one) === JSON.stringify(parent));
    });
    if (mine.length >= count)
      return mine.map((output) => (output as { readonly data: { readonly n: number } }).data.n).toSorted((a, b) => a - b);
    await world.watch.until(`waiting for ${count} deferred run(s) of ${parent.fnSlug}`, () => endedRuns().length > ended.length);
  }
}

describe.each(VARIANTS)("M-077 $client over $transport, checkpointing $checkpointing", (variant) => {
  const world = new DeferWorld();
  beforeAll(() => world.start({ ...variant, functions: define }));
  afterAll(() => world.close());

  test("each is started once with its data when the run has ended, and knows who asked", async () => {
    const { parent, data } = await deferredBy(world, { id: "steps", count: 2 });
    expect([parent.run.status, data]).toEqual(["COMPLETED", [1, 2]]);
    expect(statusesOf(parent)).toEqual(["after-run", "after-run"]);
  });

  test("those of parallel branches", async () => {
    const { parent, data } = await deferredBy(world, { id: "parallel", count: 2 });
    expect([data, statusesOf(parent)]).toEqual([
      [1, 2],
      ["after-run", "after-run"],
    ]);
  });

  test("by a function without steps", async () => {
    expect((await deferredBy(world, { id: "bare", count: 1 })).data).toEqual([1]);
  });

  test("one that was taken back is not started", async () => {
    const { parent, data } = await deferredBy(world, { id: "abort", count: 1 });
    expect([parent.run.status, data]).toEqual(["COMPLETED", [2]]);
    expect(statusesOf(parent)).toEqual(["aborted", "after-run"]);
  });

  test("by a run that fails", async () => {
    const { parent, data } = await deferredBy(world, { id: "failing", count: 1 });
    expect([parent.run.status, data]).toEqual(["FAILED", [1]]);
  });

  test("by a run that fails before its first step", async () => {
    const { parent, data } = await deferredBy(world, { id: "failing-at-once", count: 1 });
    expect([parent.run.status, data]).toEqual(["FAILED", [1]]);
  });
});

/** What the server has recorded for a run, in order of their names. */
function statusesOf({ defers = [] }: UiRunDetail): readonly string[] {
  return defers.map(({ status }) => status).toSorted();
}
