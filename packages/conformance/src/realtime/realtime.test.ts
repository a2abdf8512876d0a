/**
 * Realtime with the official clients and ours, as app and as subscriber, against a server with keys.
 *
 * What the official clients don't do: subscribers of both, of 4.24.0 and of `@inngest/realtime` 0.4.7 for 3.x, end their process on every
 * `datastream-start` ("Cannot access 'stream' before initialization"), whichever server sends it, so they publish texts bit by bit, and ours
 * reads them; that of 3.x leaves out messages about runs. They connect by WebSocket: server-sent events are read by ours, with their tokens.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pawl } from "pawl";
import { type RealtimeMessage, subscribe } from "pawl/realtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppProcess, type Report, startAppProcess } from "../harness/app-process.ts";
import type { ClientName } from "../harness/client-folder.ts";
import { http } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";
import { TEXT } from "./functions.ts";

const FUNCTIONS = join(import.meta.dirname, "functions.ts");

type Variant = { readonly client: ClientName; readonly checkpointing: boolean };

const VARIANTS: readonly Variant[] = [
  { client: "pawl", checkpointing: true },
  { client: "pawl", checkpointing: false },
  { client: "inngest-v4", checkpointing: true },
  { client: "inngest-v4", checkpointing: false },
  { client: "inngest-v3", checkpointing: true },
  { client: "inngest-v3", checkpointing: false },
];

const BY_STEP = { by: "step", text: "é\n" };

/** Messages of a subscription; `next` waits for one. */
class Messages {
  readonly #came: RealtimeMessage[] = [];
  readonly #waiting: ((message: RealtimeMessage) => void)[] = [];

  readonly take = (message: RealtimeMessage): void => {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#came.push(message);
    else waiter(message);
  };

  next(): Promise<RealtimeMessage> {
    const message = this.#came.shift();
    return message === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(message);
  }
}

let dir: string;
let server: ServerProcess;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-realtime-"));
  server = await startServerProcess({ dir });
});

afterAll(async () => {
  await server?.child.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe.each(VARIANTS)("$client, checkpointing $checkpointing", (variant) => {
  let app: AppProcess;
  let watch: Watch;
  const isFormer = variant.client === "inngest-v3";
  const byContext = isFormer ? [{ by: "context" }, { by: "context in a step" }] : [];
  const wantedOnes = [BY_STEP, { by: "client" }, ...byContext, { by: "last" }];
  const name = (channel: string): string => `${variant.client}-${variant.checkpointing}-${channel}`;

  beforeAll(async () => {
    app = await startAppProcess({ ...variant, server, functions: FUNCTIONS });
    watch = await Watch.open(server);
  });

  afterAll(async () => {
    watch?.close();
    await app?.child.stop();
  });

  const messagesOf = (channel: string): readonly Report[] =>
    app.reports.filter((report) => report.kind === "message" && report["channel"] === channel).map(({ message }) => message as Report);

  const subscribed = async (channel: string, topics: readonly string[]): Promise<void> => {
    app.tell({ kind: "subscribe", channel, topics });
    await app.report("waiting for the subscription", ({ kind, channel: of }) => kind === "subscribed" && of === channel);
  };

  const keyFor = async (channel: string, topics: readonly string[]): Promise<string> => {
    app.tell({ kind: "token", channel, topics });
    return String((await app.report("waiting for a token", (report) => report.kind === "token" && report["channel"] === channel))["key"]);
  };

  test("the client's subscriber gets what its functions publish, in order, once, and of its topics only", async () => {
    const channel = name("own");
    await subscribed(channel, ["t"]);
    const [eventId = ""] = await sendEvents(server, [{ name: "test/publish", data: { channel } }]);
    const { run, output = "" } = await watch.endedRunOf(eventId);
    expect(run.status).toBe("COMPLETED");
    if (!isFormer) expect(JSON.parse(output)).toEqual(BY_STEP);
    await app.report("waiting for the last message", ({ kind, message }) => kind === "message" && dataOf(message).by === "last");
    const messages = messagesOf(channel);
    expect(messages.map(dataOf)).toEqual(wantedOnes);
    expect(messages[0]).toMatchObject({ kind: "data", channel, topic: "t", runId: run.id });
  });

  test("its token opens our subscriptions, by WebSocket and by server-sent events", async () => {
    const channel = name("token");
    const key = await keyFor(channel, ["t"]);
    const received = [new Messages(), new Messages()];
    const subscriptions = await Promise.all(
      received.map((messages, index) =>
        subscribe({
          channel,
          topics: ["t"],
          key,
          apiBaseUrl: server.url,
          transport: index === 0 ? "websocket" : "sse",
          onMessage: messages.take,
        }),
      ),
    );
    await sendEvents(server, [{ name: "test/publish", data: { channel } }]);
    for (const messages of received) for (const wanted of wantedOnes) expect((await messages.next()).data).toEqual(wanted);
    for (const subscription of subscriptions) subscription.close();
  });

  test("a text that the client publishes bit by bit is one stream for subscribers", async () => {
    const channel = name("text");
    const isReader = variant.client === "pawl";
    if (isReader) await subscribed(channel, ["text"]);
    const key = await keyFor(channel, ["text"]);
    const ours = new Messages();
    const subscription = await subscribe({ channel, topics: ["text"], key, apiBaseUrl: server.url, onMessage: ours.take });
    app.tell({ kind: "publish-text", channel });
    const kindsAndData = [await ours.next(), await ours.next()].map(({ kind, data }) => [kind, data]);
    // The second part is written when the first has arrived.
    app.tell({ kind: "more" });
    kindsAndData.push(...[await ours.next(), await ours.next()].map(({ kind, data }) => [kind, data]));
    const id: unknown = kindsAndData[0]?.[1];
    const wanted = [["datastream-start", id], ...TEXT.map((part) => ["chunk", part]), ["datastream-end", id]];
    expect(kindsAndData).toEqual(wanted);
    subscription.close();
    if (!isReader) return;
    const isEnd = ({ message }: Report): boolean => (message as Report | undefined)?.kind === "datastream-end";
    await app.report("waiting for the text's end", isEnd);
    expect(messagesOf(channel).map(({ kind, data }) => [kind, data])).toEqual(wanted);
  });

  test.skipIf(isFormer)("a run's end is told to subscribers of $run", async () => {
    const key = name("watched");
    const [eventId = ""] = await sendEvents(server, [{ name: "test/watched", data: { key } }]);
    const { runId } = await app.report("waiting for the run", ({ kind }) => kind === "started");
    await watch.until("waiting for the run to wait", (runs) =>
      [...runs.values()].some((run) => run.id === runId && run.phase === "waiting"),
    );
    await subscribed(String(runId), ["$run"]);
    await sendEvents(server, [{ name: "test/go", data: {} }]);
    await watch.endedRunOf(eventId);
    const { message } = await app.report(
      "waiting for the run's message",
      (report) => report.kind === "message" && report["channel"] === runId,
    );
    expect(message).toMatchObject({ kind: "run", runId, data: { status: "COMPLETED", output: { done: true } } });
  });
});

describe("keys", () => {
  const paths = ["token", "publish?channel=c&topic=t", "publish/tee?channel=c"];

  test.each(paths)("without the signing key, %s is refused", async (path) => {
    const body = '[{"channel":"c","name":"t","kind":"run"}]';
    expect((await http(`${server.url}/v1/realtime/${path}`, { method: "POST", body })).status).toBe(401);
    const headers = { authorization: `Bearer ${SIGNING_KEY}` };
    expect((await http(`${server.url}/v1/realtime/${path}`, { method: "POST", body, headers })).status).toBeLessThan(300);
  });

  test("a text that comes bit by bit is one stream for our subscribers", async () => {
    const client = new Pawl({ id: "x", baseUrl: server.url, isDev: false, signingKey: SIGNING_KEY });
    const messages = new Messages();
    const subscription = await client.realtime.subscribe({ channel: "c", topics: ["text"], onMessage: messages.take });
    const sent = client.realtime.publishText(
      { channel: "c", topic: "text" },
      (async function* () {
        yield "first ";
        // The second part is written when the first has arrived.
        for (let message = await messages.next(); message.data !== "first ";) message = await messages.next();
        yield "second";
      })(),
    );
    await sent;
    const rest = [await messages.next(), await messages.next()];
    expect(rest.map(({ kind }) => kind)).toEqual(["chunk", "datastream-end"]);
    const { stream } = rest[0] as RealtimeMessage & { stream: ReadableStream<string> };
    const pieces: string[] = [];
    for await (const piece of stream as unknown as AsyncIterable<string>) pieces.push(piece);
    expect(pieces).toEqual(["first ", "second"]);
    subscription.close();
  });

  test("tokens outlive a restart of the server; the connection comes back by itself", async () => {
    const own = mkdtempSync(join(tmpdir(), "pawl-realtime-"));
    let restarted = await startServerProcess({ dir: own });
    try {
      const client = new Pawl({ id: "x", baseUrl: restarted.url, isDev: false, signingKey: SIGNING_KEY });
      const { key } = await client.realtime.token({ channel: "c", topics: ["t"] });
      const messages = new Messages();
      const { promise: lost, resolve: onLost } = Promise.withResolvers<Error>();
      const subscription = await client.realtime.subscribe({ channel: "c", topics: ["t"], onMessage: messages.take, onError: onLost });
      await restarted.child.stop();
      expect((await lost).message).toMatch(/closed/);
      restarted = await startServerProcess({ dir: own, port: restarted.port });
      const again = await subscribe({ channel: "c", topics: ["t"], key, apiBaseUrl: restarted.url, onMessage: () => {} });
      again.close();
      // Nothing says when the other one is back, so it is told again and again until it hears.
      const heard = messages.next();
      let isHeard = false;
      void heard.then(() => (isHeard = true));
      while (!isHeard) await client.realtime.publish({ channel: "c", topic: "t" }, "back");
      expect((await heard).data).toBe("back");
      subscription.close();
    } finally {
      await restarted.child.stop();
      rmSync(own, { recursive: true, force: true });
    }
  });
});

function dataOf(message: unknown): { readonly by?: string } {
  return (message as { readonly data: { readonly by?: string } }).data;
}
