/**
 * What an official SDK of another language is tested for: every kind of step, ends of functions, flow control, and that nothing is lost when
 * the server is killed. One app, over HTTP with signatures and as a worker that connects.
 *
 * I1  The app has the functions of `apps/inngest-python/functions.py`, each started by the event `sdk/<id>`.
 * I2  A machine that cannot run the SDK skips every test by its name, and the name says what is missing: a language, or the SDK's packages.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail, UiRunRow } from "@pawl/protocol";
import { Pawl } from "pawl";
import { subscribe } from "pawl/realtime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Provider } from "../gateway/provider.ts";
import type { AppProcess } from "./app-process.ts";
import { freePort } from "./child.ts";
import { type Program, startForeignApp } from "./foreign-app-process.ts";
import { http, jsonOf } from "./http.ts";
import { sendEvents } from "./send-events.ts";
import { type ServerProcess, SIGNING_KEY, startServerProcess } from "./server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "./watch.ts";

/** Titles of tests that some SDK can't pass. */
export const LARGE = "more state than fits into a call";
export const LARGE_EVENT = "an event that fits into a call once and not twice";
export const LAST_ATTEMPT = "a step without attempts left fails where it was awaited";
export const KILLED = "the server is killed in the middle of a step and comes back: the run completes, and no finished step is done again";

const API_KEY = "key-of-the-test";

/** Sleeps of one second, less what clocks of two processes differ by. */
const SECOND_MS_MIN = 950;

export type SdkSuite = {
  /** Name and version, for titles. */
  readonly sdk: string;
  /** The app, or what the machine lacks for it. */
  readonly app: Program | { readonly missing: string };
  /** Whether the SDK makes tokens for subscriptions; the function `publish` then reports one. */
  readonly makesTokens: boolean;
  /** Titles of tests that the SDK itself fails against any server, by transport, with the reason; they are skipped. */
  readonly cannot?: Readonly<Partial<Record<Transport, Readonly<Record<string, string>>>>>;
};

type Transport = "HTTP" | "Connect";

type Data = Readonly<Record<string, unknown>>;

/** Declares the tests of an SDK. */
export function describeSdk(suite: SdkSuite): void {
  const { app, sdk } = suite;
  const program: Program = "missing" in app ? { command: "", args: [] } : app;
  const suffix = "missing" in app ? ` (skipped: ${app.missing})` : "";
  describe.skipIf("missing" in app)(`${sdk}${suffix}`, () => {
    describe.each([
      { transport: "HTTP", connect: "" },
      { transport: "Connect", connect: "worker-1" },
    ] as const)("over $transport", ({ transport, connect }) => {
      const world = new World(program, connect);
      beforeEach(({ skip, task }) => skip(task.name in (suite.cannot?.[transport] ?? {}), suite.cannot?.[transport]?.[task.name]));
      beforeAll(() => world.open());
      afterAll(() => world.close());
      describeSteps(world);
      describeFailures(world);
      describeFlow(world);
      describeServices(world, suite);
      describeKill(world);
    });
    describeSync(program);
  });
}

/** Server, provider and app of a group of tests. */
class World {
  readonly #program: Program;
  readonly #connect: string;
  #dir = "";
  #port = 0;
  provider!: Provider;
  server!: ServerProcess;
  app!: AppProcess;
  watch!: Watch;

  constructor(program: Program, connect: string) {
    this.#program = program;
    this.#connect = connect;
  }

  async open(): Promise<void> {
    this.#dir = mkdtempSync(join(tmpdir(), "pawl-sdk-"));
    this.#port = await freePort();
    this.provider = await Provider.start();
    await this.startServer();
    this.app = await startForeignApp({ program: this.#program, server: this.server, connect: this.#connect });
  }

  /** The same server again, after it was killed. */
  async startServer(): Promise<void> {
    this.watch?.close();
    this.server = await startServerProcess({ dir: this.#dir, port: this.#port, retryIntervalS: 1, args: ["--allow-private-addresses"] });
    this.watch = await Watch.open(this.server);
  }

  async close(): Promise<void> {
    this.watch?.close();
    await Promise.all([this.app?.child.kill(), this.server?.child.stop()]);
    await this.provider?.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async send(id: string, ...data: readonly Data[]): Promise<readonly string[]> {
    return sendEvents(
      this.server,
      (data.length === 0 ? [{}] : data).map((one) => ({ name: `sdk/${id}`, data: one })),
    );
  }

  async ended(id: string, data: Data = {}): Promise<UiRunDetail> {
    const [eventId = ""] = await this.send(id, data);
    return this.watch.endedRunOf(eventId, `sdk-${id}`);
  }

  async outputOf(id: string, data: Data = {}): Promise<unknown> {
    return outputOf(await this.ended(id, data));
  }

  /** Outputs of a function's runs, oldest first, when there are `count` and all have ended. */
  async outputsOf(id: string, count: number): Promise<readonly unknown[]> {
    const runsOf = (runs: ReadonlyMap<string, UiRunRow>): readonly UiRunRow[] =>
      [...runs.values()].filter(({ functionSlug }) => functionSlug === `sdk-${id}`).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await this.watch.until(`waiting for ${String(count)} runs of ${id}`, (runs) => {
      const mine = runsOf(runs);
      return mine.length >= count && mine.every(({ endedAt }) => endedAt !== undefined);
    });
    const details = await Promise.all(runsOf(this.watch.runs).map((run) => this.watch.detail(run.id)));
    return details.map(({ run, output }) => (run.status === "COMPLETED" ? JSON.parse(output ?? "null") : run.status));
  }

  bodiesOf(name: string): readonly unknown[] {
    return this.app.reports.filter((report) => report["name"] === name).map(({ attempt }) => attempt);
  }

  untilWaiting(eventId: string): Promise<void> {
    return this.watch.until("waiting for a run to wait", (runs) =>
      [...runs.values()].some((run) => run.eventId === eventId && run.phase === "waiting"),
    );
  }
}

function describeSteps(world: World): void {
  test.concurrent("step.run: results are remembered as JSON, and the trace has the steps", async () => {
    const detail = await world.ended("run", { n: 1 });
    expect(outputOf(detail)).toEqual({ a: { n: 1, text: "ü", nothing: null }, b: 2, name: "sdk/run" });
    expect(detail.spans.filter(({ name }) => name === "first" || name === "second").map(({ output }) => output)).toEqual([
      expect.stringContaining('"n":1') as string,
      "2",
    ]);
  });

  test.concurrent("a handler of the other kind, with parallel steps", async () => {
    expect(await world.outputOf("sync")).toBe(3);
  });

  test.concurrent("step.sleep and step.sleep_until", async () => {
    const { first, second } = (await world.outputOf("sleep")) as { first: number; second: number };
    expect(first).toBeGreaterThanOrEqual(SECOND_MS_MIN);
    expect(second).toBeGreaterThanOrEqual(SECOND_MS_MIN);
  });

  test.concurrent("step.wait_for_event: only the event that matches", async () => {
    const [eventId = ""] = await world.send("wait", { key: "w1" });
    await world.untilWaiting(eventId);
    await world.send("answer", { key: "other", n: 6 });
    await world.send("answer", { key: "w1", n: 7 });
    expect(outputOf(await world.watch.endedRunOf(eventId))).toEqual({ name: "sdk/answer", n: 7 });
  });

  test.concurrent("step.wait_for_event: nothing after the time-out", async () => {
    expect(await world.outputOf("wait-timeout")).toEqual({ got: null });
  });

  test.concurrent("step.invoke: the other function's result", async () => {
    expect(await world.outputOf("invoke")).toEqual([42, 84]);
  });

  test.concurrent("step.invoke: the other function's error", async () => {
    expect(await world.outputOf("invoke-failing")).toEqual({ caught: expect.stringContaining("the child failed") as string });
  });

  test.concurrent("step.send_event: each event starts its function", async () => {
    const { ids } = (await world.outputOf("send", { key: "s1" })) as { ids: string[] };
    expect(await Promise.all(ids.map(async (id) => outputOf(await world.watch.endedRunOf(id))))).toEqual([1, 2]);
  });

  test.concurrent("parallel steps of all kinds", async () => {
    expect(await world.outputOf("parallel")).toEqual({ sum: 10, mixed: [8, 7] });
  });

  test.concurrent("steps of the same id in a loop", async () => {
    expect(await world.outputOf("repeated")).toEqual([0, 1, 2]);
  });

  test.concurrent(LARGE_EVENT, async () => {
    expect(await world.outputOf("repeated", { text: "x".repeat(2_900_000) })).toEqual([0, 1, 2]);
  });

  test.concurrent(LARGE, async () => {
    const size = 2 * 1024 * 1024;
    expect(await world.outputOf("large")).toEqual([size, size, size, size]);
  });
}

function describeFailures(world: World): void {
  test.concurrent("a step that fails is tried again, and what follows counts anew", async () => {
    expect(await world.outputOf("retry")).toEqual({ attempt: 1, after: "done" });
    expect(world.bodiesOf("retry")).toEqual([0, 1]);
  });

  test.concurrent("the error that says when to try again", async () => {
    expect(await world.outputOf("retry-after")).toEqual({ attempt: 1 });
  });

  test.concurrent(LAST_ATTEMPT, async () => {
    expect(await world.outputOf("step-error")).toMatchObject({ message: expect.stringContaining("broken for good") as string });
    expect(world.bodiesOf("step-error")).toEqual([0, 1]);
  });

  test.concurrent("the error that must not be tried again ends the run at once", async () => {
    const { run, error } = await world.ended("non-retriable");
    expect([run.status, error?.message]).toEqual(["FAILED", expect.stringContaining("no use")]);
    expect(world.bodiesOf("non-retriable")).toEqual([0]);
  });

  test.concurrent("a function without attempts left fails with its last error", async () => {
    const { run, error } = await world.ended("exhausted");
    expect([run.status, error?.message]).toEqual(["FAILED", expect.stringContaining("attempt 1")]);
    expect(world.bodiesOf("exhausted")).toEqual([0, 1]);
  });

  test.concurrent("the failure handler is told of the error and the event", async () => {
    expect((await world.ended("failing", { key: "f1" })).run.status).toBe("FAILED");
    const failure = await world.app.report("waiting for the failure handler", ({ kind }) => kind === "failure");
    expect(failure).toMatchObject({ original: { key: "f1" }, message: expect.stringContaining("out of range") as string });
  });

  test.concurrent("a cancelling event ends the run that it means", async () => {
    const [a = "", b = ""] = await world.send("cancel", { key: "a" }, { key: "b" });
    await Promise.all([world.untilWaiting(a), world.untilWaiting(b)]);
    await world.send("stop", { key: "a" });
    expect((await world.watch.endedRunOf(a)).run.status).toBe("CANCELLED");
    expect([...world.watch.runs.values()].find(({ eventId }) => eventId === b)?.phase).toBe("waiting");
  });
}

function describeFlow(world: World): void {
  test.concurrent("a batch that is full runs its events together", async () => {
    await world.send("batch", { n: 1 }, { n: 2 });
    expect(await world.outputsOf("batch", 1)).toEqual([[1, 2]]);
  });

  test.concurrent("a debounce runs the last event", async () => {
    await world.send("debounce", { key: "a", n: 1 }, { key: "a", n: 2 });
    expect(await world.outputsOf("debounce", 1)).toEqual([2]);
  });

  test.concurrent("a rate limit and an idempotency key let one event in", async () => {
    await world.send("rate-limit", { key: "a", n: 1 }, { key: "a", n: 2 }, { key: "b", n: 3 });
    await world.send("idempotency", { key: "a", n: 1 }, { key: "a", n: 2 }, { key: "b", n: 3 });
    expect(await world.outputsOf("rate-limit", 2)).toEqual([1, 3]);
    expect(await world.outputsOf("idempotency", 2)).toEqual([1, 3]);
  });

  test.concurrent("a singleton skips", async () => {
    await world.send("singleton", { key: "a", n: 1 }, { key: "a", n: 2 });
    expect(await world.outputsOf("singleton", 2)).toEqual([1, "SKIPPED"]);
  });

  test.concurrent("a function with every other option is registered, and its trigger's condition counts", async () => {
    const [ignored = "", taken = ""] = await world.send("everything", { n: 0, key: "a", priority: 0 }, { n: 1, key: "a", priority: 5 });
    expect(outputOf(await world.watch.endedRunOf(taken, "sdk-everything"))).toBe(1);
    expect((await world.watch.event(ignored)).outcomes).toMatchObject([
      { functionSlug: "sdk-everything", reason: expect.any(String) as string },
    ]);
  });
}

function describeServices(world: World, { makesTokens }: SdkSuite): void {
  test.concurrent("step.ai.infer: the server asks the model", async () => {
    expect(await world.outputOf("infer", { url: `${world.provider.url}/200/openai` })).toBe("hi");
    const [request] = world.provider.to("/200/openai");
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${API_KEY}` });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ model: "m-1", messages: [{ role: "user" }] });
  });

  test.concurrent("realtime: a subscription gets what the app publishes", async () => {
    const [eventId = ""] = await world.send("publish");
    const key = makesTokens ? await tokenOfApp(world) : await tokenOfOurs(world);
    const { promise: heard, resolve } = Promise.withResolvers<unknown>();
    const subscription = await subscribe({
      channel: "depot",
      topics: ["news"],
      key,
      apiBaseUrl: world.server.url,
      onMessage: ({ data }) => resolve(data),
    });
    world.app.tell({ kind: "open", gate: "publish" });
    expect(await heard).toEqual({ n: 7 });
    subscription.close();
    expect(outputOf(await world.watch.endedRunOf(eventId))).toBe("told");
  });

  test.concurrent("the client's own send", async () => {
    world.app.tell({ kind: "send", events: [{ name: "sdk/child", data: { n: 2 } }] });
    const { ids } = await world.app.report("waiting for ids", ({ kind }) => kind === "sent");
    const [id = ""] = ids as readonly string[];
    expect(outputOf(await world.watch.endedRunOf(id))).toBe(4);
  });
}

async function tokenOfApp({ app }: World): Promise<string> {
  return String((await app.report("waiting for a token", ({ kind }) => kind === "token"))["key"]);
}

async function tokenOfOurs({ server: { url } }: World): Promise<string> {
  const client = new Pawl({ id: "sdk", baseUrl: url, isDev: false, signingKey: SIGNING_KEY });
  return (await client.realtime.token({ channel: "depot", topics: ["news"] })).key;
}

/** Declared last: it kills the server of the others. */
function describeKill(world: World): void {
  test(KILLED, async ({ onTestFailed }) => {
    onTestFailed(() => {
      process.stderr.write(`The app printed:\n${world.app.child.output}\n`);
    });
    const [eventId = ""] = await world.send("gated");
    await world.app.report("waiting for the gate", ({ kind }) => kind === "gate-entered");
    await world.server.child.kill();
    await world.startServer();
    world.app.tell({ kind: "open", gate: "gated" });
    expect(outputOf(await world.watch.endedRunOf(eventId))).toEqual({ before: world.app.child.pid, gate: "through" });
    expect(world.bodiesOf("before")).toHaveLength(1);
  });
}

/** The server asks an app that it is told of; GraphQL's answer comes when the app has registered. */
function describeSync(program: Program): void {
  test.each(["dev", "start"] as const)("%s: the server is told the app's URL and asks it to register", async (mode) => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-sdk-"));
    const server = await startServerProcess({ dir, mode });
    const [app, watch] = await Promise.all([startForeignApp({ program, server, registers: false }), Watch.open(server)]);
    try {
      const query = "mutation ($url: String!) { createApp(input: { url: $url }) { name error connected } }";
      const answer = await http(`${server.url}/v0/gql`, { body: { query, variables: { url: app.url } }, headers: MANAGEMENT_HEADERS });
      expect(jsonOf(answer)).toEqual({ data: { createApp: { name: "sdk", error: null, connected: true } } });
      const [eventId = ""] = await sendEvents(server, [{ name: "sdk/run", data: { n: 1 } }]);
      expect(outputOf(await watch.endedRunOf(eventId, "sdk-run"))).toMatchObject({ b: 2 });
    } finally {
      watch.close();
      await Promise.all([app.child.kill(), server.child.stop()]);
      rmSync(dir, { recursive: true, force: true });
    }
  });
}

function outputOf({ run, output = "null", error }: UiRunDetail): unknown {
  expect(run, JSON.stringify(error)).toMatchObject({ status: "COMPLETED" });
  return JSON.parse(output);
}
