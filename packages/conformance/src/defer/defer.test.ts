/** Functions that start when a run has ended, of our client and the official one, against the server as users start it. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";
import { DEFER_CLIENTS, type DeferApp, type DeferClient, type DeferClientName, loadDefer } from "./load-defer.ts";

const VARIANTS = DEFER_CLIENTS.flatMap((client) => [true, false].map((checkpointing) => ({ client, checkpointing })));

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

class World {
  readonly #dir: string = mkdtempSync(join(tmpdir(), "pawl-defer-"));
  server!: ServerProcess;
  watch!: Watch;
  #stopApp: () => void = () => {};

  async start(name: DeferClientName, checkpointing: boolean): Promise<void> {
    const client = await loadDefer(name);
    this.server = await startServerProcess({ dir: this.#dir, retryIntervalS: 1 });
    this.watch = await Watch.open(this.server);
    const keys = { eventKey: EVENT_KEY, signingKey: SIGNING_KEY, baseUrl: this.server.url, isDev: false };
    const app = new client.Inngest({ id: "shop", checkpointing, ...keys });
    const listener = createServer(client.serve({ client: app, functions: define(client, app) })).listen(0, "127.0.0.1");
    this.#stopApp = () => {
      listener.close();
      listener.closeAllConnections();
    };
    await once(listener, "listening");
    const address = listener.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const answer = await http(`http://127.0.0.1:${port}/api/inngest`, { method: "PUT", body: {} });
    if (answer.status !== 200) throw new Error(`Registering answered ${answer.status}: ${answer.text}`);
  }

  async close(): Promise<void> {
    this.watch?.close();
    this.#stopApp();
    await this.server?.child.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Runs a function to its end; then what `count` deferred runs that it asked for have been given. */
  async deferredBy(id: string, count: number): Promise<{ readonly parent: UiRunDetail; readonly data: readonly unknown[] }> {
    const [eventId = ""] = await sendEvents(this.server, [{ name: `test/${id}`, data: {} }]);
    const parent = await this.watch.endedRunOf(eventId, `shop-${id}`);
    const outputs = await this.outputsOf({ fnSlug: `shop-${id}`, runId: parent.run.id }, count);
    return { parent, data: outputs };
  }

  private async outputsOf(parent: { readonly fnSlug: string; readonly runId: string }, count: number): Promise<readonly unknown[]> {
    const seen = new Map<string, unknown>();
    for (;;) {
      const ended = [...this.watch.runs.values()].filter((run) => run.functionSlug === "shop-note" && run.endedAt !== undefined);
      for (const { id } of ended) if (!seen.has(id)) seen.set(id, JSON.parse((await this.watch.detail(id)).output ?? "null"));
      const mine = [...seen.values()].filter((output) => {
        const { parents = [] } = (output ?? {}) as { readonly parents?: readonly object[] };
        return parents.some((one) => JSON.stringify(one) === JSON.stringify(parent));
      });
      if (mine.length >= count)
        return mine.map((output) => (output as { readonly data: { readonly n: number } }).data.n).toSorted((a, b) => a - b);
      const known = ended.length;
      await this.watch.until(
        `waiting for ${count} deferred run(s) of ${parent.fnSlug}`,
        (runs) => [...runs.values()].filter((run) => run.functionSlug === "shop-note" && run.endedAt !== undefined).length > known,
      );
    }
  }
}

describe.each(VARIANTS)("M-077 $client, checkpointing $checkpointing", ({ client, checkpointing }) => {
  const world = new World();
  beforeAll(() => world.start(client, checkpointing));
  afterAll(() => world.close());

  test("each is started once with its data when the run has ended, and knows who asked", async () => {
    const { parent, data } = await world.deferredBy("steps", 2);
    expect([parent.run.status, data]).toEqual(["COMPLETED", [1, 2]]);
    expect(statusesOf(parent)).toEqual(["after-run", "after-run"]);
  });

  test("those of parallel branches", async () => {
    const { parent, data } = await world.deferredBy("parallel", 2);
    expect([data, statusesOf(parent)]).toEqual([
      [1, 2],
      ["after-run", "after-run"],
    ]);
  });

  test("by a function without steps", async () => {
    expect((await world.deferredBy("bare", 1)).data).toEqual([1]);
  });

  test("one that was taken back is not started", async () => {
    const { parent, data } = await world.deferredBy("abort", 1);
    expect([parent.run.status, data]).toEqual(["COMPLETED", [2]]);
    expect(statusesOf(parent)).toEqual(["aborted", "after-run"]);
  });

  test("by a run that fails", async () => {
    const { parent, data } = await world.deferredBy("failing", 1);
    expect([parent.run.status, data]).toEqual(["FAILED", [1]]);
  });

  test("by a run that fails before its first step", async () => {
    const { parent, data } = await world.deferredBy("failing-at-once", 1);
    expect([parent.run.status, data]).toEqual(["FAILED", [1]]);
  });
});

/** What the server has recorded for a run, in order of their names. */
function statusesOf({ defers = [] }: UiRunDetail): readonly string[] {
  return defers.map(({ status }) => status).toSorted();
}
