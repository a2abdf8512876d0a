/** Flow control as the clients register it, against a server with durable settings. The rules have tests in virtual time; this is the wire. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail, UiRunRow } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import type { ClientName } from "../harness/client-folder.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";

const CLIENTS: readonly { readonly client: ClientName }[] = [{ client: "pawl" }, { client: "inngest-v4" }, { client: "inngest-v3" }];

describe.each(CLIENTS)("$client", ({ client }) => {
  let dir: string;
  let server: ServerProcess;
  let app: AppProcess;
  let watch: Watch;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-flow-"));
    server = await startServerProcess({ dir, retryIntervalS: 1 });
    app = await startAppProcess({ client, server, functions: join(import.meta.dirname, "functions.ts") });
    watch = await Watch.open(server);
  });

  afterAll(async () => {
    watch?.close();
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  /** Sends events that differ in `n`. */
  const send = (id: string, ...data: readonly Readonly<Record<string, unknown>>[]): Promise<readonly string[]> =>
    sendEvents(
      server,
      data.map((each, n) => ({ name: `flow/${id}`, data: { n, ...each } })),
    );

  /** Runs of a function, oldest first, when there are `count` and all have ended. */
  async function ended(id: string, count: number): Promise<readonly UiRunRow[]> {
    const runsOf = (runs: ReadonlyMap<string, UiRunRow>): readonly UiRunRow[] =>
      [...runs.values()].filter(({ functionSlug }) => functionSlug === `flow-${id}`).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await watch.until(`waiting for ${String(count)} runs of ${id}`, (runs) => {
      const mine = runsOf(runs);
      return mine.length >= count && mine.every(({ endedAt }) => endedAt !== undefined);
    });
    return runsOf(watch.runs);
  }

  const detailsOf = (runs: readonly UiRunRow[]): Promise<readonly UiRunDetail[]> => Promise.all(runs.map((run) => watch.detail(run.id)));
  const outputsOf = async (runs: readonly UiRunRow[]): Promise<readonly unknown[]> =>
    (await detailsOf(runs)).map(({ output }) => (output === undefined ? undefined : JSON.parse(output)));

  test("a rate limit admits what it says", async () => {
    const ids = await send("rate-limit", {}, {}, {}, {});
    expect(await outputsOf(await ended("rate-limit", 2))).toEqual([[0], [1]]);
    expect((await watch.event(ids[3] ?? "")).outcomes).toMatchObject([{ functionSlug: "flow-rate-limit", reason: "rate-limit" }]);
  });

  test("an idempotency key starts one run for each value", async () => {
    await send("idempotency", { key: "a" }, { key: "a" }, { key: "b" });
    expect(await outputsOf(await ended("idempotency", 2))).toEqual([[0], [2]]);
  });

  test("a throttle spreads starts", async () => {
    await send("throttle", {}, {}, {});
    const starts = (await ended("throttle", 3)).map(({ startedAt = 0 }) => startedAt).toSorted((a, b) => a - b);
    expect((starts[2] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(1_900);
  });

  test("a debounce runs the last event of each key", async () => {
    await send("debounce", { key: "a" }, { key: "a" }, { key: "b" });
    expect((await outputsOf(await ended("debounce", 2))).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([[1], [2]]);
  });

  test("a batch runs its events together: when it is full, and when its time is up", async () => {
    await send("batch", {}, {}, {}, {});
    expect((await outputsOf(await ended("batch", 2))).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([[0, 1, 2], [3]]);
  });

  test("a singleton skips, and keeps the skipped run with its reason", async () => {
    await send("singleton", { key: "a" }, { key: "a" }, { key: "b" });
    const runs = await ended("singleton", 3);
    expect(runs.map(({ status, reason }) => [status, reason?.code])).toEqual([
      ["COMPLETED", undefined],
      ["SKIPPED", "singleton"],
      ["COMPLETED", undefined],
    ]);
  });

  test("a singleton cancels", async () => {
    await send("singleton-cancel", {}, {}, {});
    expect((await ended("singleton-cancel", 3)).map(({ status }) => status)).toEqual(["CANCELLED", "CANCELLED", "COMPLETED"]);
  });

  test("a higher priority goes first", async () => {
    await send("priority", { priority: 0 }, { priority: 0 }, { priority: 100 });
    const runs = await ended("priority", 3);
    const order = (await detailsOf(runs.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0)))).map(({ output }) => output);
    expect(order).toEqual(["0", "2", "1"]);
  });

  test("a run that takes too long is cancelled", async () => {
    await send("finish", {});
    const [run] = await ended("finish", 1);
    expect(run).toMatchObject({ status: "CANCELLED" });
    expect((run?.endedAt ?? 0) - (run?.startedAt ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("whoever invokes a limited function learns it at once", async () => {
    await send("invoke-limited", {});
    const [output] = await outputsOf(await ended("invoke-limited", 1));
    expect(output).toContain("rate limited");
  });
});
