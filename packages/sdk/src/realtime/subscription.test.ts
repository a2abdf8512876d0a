/** The parts between a connection and its readers. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { FakeRuntime, turn } from "../run/call.fixture.ts";
import { channel } from "./channel.ts";
import { Fanout } from "./fanout.ts";
import { fakeFeeds, wireText } from "./feed.fixture.ts";
import { Inbox, type InboxOptions } from "./inbox.ts";
import type { RealtimeMessage } from "./message.ts";
import { Session, type SessionOptions } from "./session.ts";

describe("inbox", () => {
  function inbox(over: Partial<InboxOptions> = {}): { box: Inbox; got: RealtimeMessage[]; errors: Error[] } {
    const got: RealtimeMessage[] = [];
    const errors: Error[] = [];
    const deliver = (message: RealtimeMessage): void => void got.push(message);
    const fail = (error: Error): void => void errors.push(error);
    return { box: new Inbox({ channel: "c", validate: true, now: () => 0, deliver, fail, ...over }), got, errors };
  }

  test("messages are read, everything else is left out", () => {
    const { box, got } = inbox();
    for (const text of [
      "",
      "{",
      "[]",
      "1",
      '{"kind":"ping"}',
      '{"kind":1}',
      wireText({ a: 1 }, { run_id: "01R", fn_id: "f", env_id: "e", metadata: 2 }),
    ])
      box.take(text);
    box.take(wireText(1, { created_at: "when?" }));
    expect(got).toEqual([
      {
        kind: "data",
        channel: "c",
        topic: "t",
        data: { a: 1 },
        createdAt: new Date("2026-08-06T16:00:00Z"),
        runId: "01R",
        fnId: "f",
        envId: "e",
        metadata: 2,
      },
      { kind: "data", channel: "c", topic: "t", data: 1, createdAt: new Date(0) },
    ]);
  });

  const slow = z.number().refine(async () => turn().then(() => true));
  const typed = channel({ name: "c", topics: { t: { schema: slow }, u: {} } });

  test("order is kept though a schema takes its time; what does not fit is reported", async () => {
    const { box, got, errors } = inbox({ channel: typed });
    box.take(wireText(1));
    box.take(wireText(2, { topic: "u" }));
    box.take(wireText("3"));
    box.take(wireText(4, { topic: "u" }));
    expect(got).toEqual([]);
    for (let round = 0; round < 5; round++) await turn();
    expect(got.map(({ data }) => data as unknown)).toEqual([1, 2, 4]);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/topic "t" doesn't fit its schema/)]);
    box.take(wireText(5, { topic: "u" }));
    expect(got).toHaveLength(4);
  });

  test("nothing is checked where that is not wanted", () => {
    const { box, got } = inbox({ channel: typed, validate: false });
    box.take(wireText("no number"));
    expect(got).toHaveLength(1);
  });

  const streamText = (kind: string, data: string, id = "s1"): string =>
    wireText(data, kind === "chunk" ? { kind, stream_id: id } : { kind });

  test("a text that comes bit by bit is one stream", async () => {
    const { box, got } = inbox();
    box.take(streamText("datastream-start", "s1"));
    box.take(streamText("chunk", "a"));
    box.take(streamText("chunk", "lost", "unknown"));
    box.take(streamText("chunk", "b"));
    box.take(streamText("datastream-end", "s1"));
    expect(got.map((message) => [message.kind, "streamId" in message && message.streamId])).toEqual([
      ["datastream-start", "s1"],
      ["chunk", "s1"],
      ["chunk", "s1"],
      ["datastream-end", "s1"],
    ]);
    expect(await textOf(got[0])).toBe("a,b");
  });

  test("a stream whose connection is lost ends with an error, and one that nobody wants disturbs nobody", async () => {
    const { box, got } = inbox();
    box.take(streamText("datastream-start", "s1"));
    box.take(streamText("chunk", "a"));
    box.interrupt(new Error("lost"));
    box.take(streamText("chunk", "b"));
    await expect(textOf(got[0])).rejects.toThrow("lost");
    box.take(streamText("datastream-start", "s2"));
    await streamOf(got[2]).cancel();
    box.take(streamText("chunk", "a", "s2"));
    box.take(streamText("datastream-end", "s2"));
    expect(got).toHaveLength(5);
  });

  test("open streams are bounded", async () => {
    const { box, got } = inbox();
    for (let index = 0; index < 101; index++) box.take(streamText("datastream-start", `s${index}`));
    await expect(textOf(got[0])).rejects.toThrow(/Too many streams/);
  });

  function streamOf(message: RealtimeMessage | undefined): ReadableStream<string> {
    if (message === undefined || !("stream" in message)) throw new Error("No stream.");
    return message.stream;
  }

  async function textOf(message: RealtimeMessage | undefined): Promise<string> {
    const pieces: string[] = [];
    for await (const piece of streamOf(message) as unknown as AsyncIterable<string>) pieces.push(piece);
    return pieces.join(",");
  }
});

describe("session", () => {
  const sessions: Session[] = [];
  afterEach(() => sessions.splice(0).forEach((session) => session.close()));

  function start(over: Partial<SessionOptions> = {}): {
    session: Session;
    clock: FakeRuntime;
    feeds: ReturnType<typeof fakeFeeds>;
    log: string[];
    tokens: () => number;
  } {
    const clock = new FakeRuntime();
    const feeds = fakeFeeds();
    const log: string[] = [];
    let tokens = 0;
    const token = async (): Promise<{ apiBaseUrl: string; key: string }> => ({ apiBaseUrl: "http://a", key: `key${++tokens}` });
    const session = new Session(
      { token, open: feeds.open, runtime: clock, reconnect: true, reconnectMinMs: 100, reconnectMaxMs: 350, ...over },
      {
        changed: (status, error) => void log.push(error === undefined ? status : `${status}: ${error.message}`),
        received: (text) => void log.push(text),
      },
    );
    sessions.push(session);
    return { session, clock, feeds, log, tokens: () => tokens };
  }

  test("a lost connection comes back with a new token", async () => {
    const { clock, feeds, log } = start();
    await turn();
    feeds.last().listener.opened();
    feeds.last().listener.received("1");
    feeds.last().listener.ended(new Error("lost"));
    clock.advance(100);
    await turn();
    feeds.last().listener.opened();
    expect(log).toEqual(["connecting", "open", "1", "connecting: lost", "open"]);
    expect(feeds.feeds.map(({ target }) => target.key)).toEqual(["key1", "key2"]);
  });

  test("delays grow up to the longest, and begin anew with a message", async () => {
    const { clock, feeds, tokens } = start();
    await turn();
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      feeds.last().listener.opened();
      if (round === 4) feeds.last().listener.received("1");
      feeds.last().listener.ended(new Error("lost"));
      const before = tokens();
      let ms = 0;
      for (; tokens() === before && ms < 1_000; ms++) {
        clock.advance(1);
        await turn();
      }
      delays.push(ms);
    }
    // Shortened by the same random part, 7 of 512.
    expect(delays).toEqual([99, 198, 346, 346, 99]);
  });

  test("a token that can't be got is a failed attempt like another", async () => {
    let isBroken = true;
    const { clock, feeds, log } = start({
      token: async () => {
        if (isBroken) throw new Error("no token");
        return { apiBaseUrl: "http://a", key: "k" };
      },
    });
    await turn();
    expect(log).toEqual(["connecting", "connecting: no token"]);
    isBroken = false;
    clock.advance(100);
    await turn();
    expect(feeds.feeds).toHaveLength(1);
  });

  test("an address that is none is a failed attempt like another", async () => {
    const open = (): never => {
      throw new SyntaxError("no URL");
    };
    const { clock, log } = start({ open, reconnect: false });
    await turn();
    expect(log).toEqual(["connecting", "closed: no URL"]);
    expect(clock.timerCount).toBe(0);
  });

  test("without reconnecting, the first loss is the end", async () => {
    const { clock, feeds, log } = start({ reconnect: false });
    await turn();
    feeds.last().listener.ended(new Error("lost"));
    expect(log).toEqual(["connecting", "closed: lost"]);
    expect(clock.timerCount).toBe(0);
  });

  test("a closed session connects no more, wherever it was", async () => {
    const early = start();
    early.session.close();
    await turn();
    expect(early.feeds.feeds).toEqual([]);
    const open = start();
    await turn();
    open.session.close();
    expect(open.feeds.last().isClosed).toBe(true);
    const waiting = start();
    await turn();
    waiting.feeds.last().listener.ended(new Error("lost"));
    waiting.session.close();
    expect(waiting.clock.timerCount).toBe(0);
  });
});

describe("fanout", () => {
  async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
    const items: T[] = [];
    for await (const item of stream as unknown as AsyncIterable<T>) items.push(item);
    return items;
  }

  test("each reader gets what is pushed from when it was made", async () => {
    const fanout = new Fanout<number>();
    const first = fanout.open((item) => item);
    fanout.push(1);
    const second = fanout.open((item) => item * 10);
    fanout.push(2);
    fanout.end();
    expect(await Promise.all([all(first), all(second), all(fanout.open((item) => item))])).toEqual([[1, 2], [20], []]);
  });

  test("a reader waits for what comes, and may go", async () => {
    const fanout = new Fanout<number>();
    const reader = fanout.open((item) => item).getReader();
    const next = reader.read();
    fanout.push(1);
    expect(await next).toEqual({ done: false, value: 1 });
    await reader.cancel();
    fanout.push(2);
  });

  test("one that nobody reads keeps the newest", async () => {
    const fanout = new Fanout<number>();
    const stream = fanout.open((item) => item);
    for (let item = 1; item <= 1_003; item++) fanout.push(item);
    fanout.end();
    expect((await all(stream))[0]).toBe(4);
  });

  test("one that is read too slowly ends with an error", async () => {
    const fanout = new Fanout<number>();
    const reader = fanout.open((item) => item).getReader();
    for (let item = 0; item < 1_002; item++) fanout.push(item);
    await expect(reader.read()).rejects.toThrow(/did not keep up/);
  });

  test("an error reaches the readers after what waits for them", async () => {
    const fanout = new Fanout<number>();
    const reader = fanout.open((item) => item).getReader();
    fanout.push(1);
    fanout.end(new Error("lost"));
    expect(await reader.read()).toMatchObject({ value: 1 });
    await expect(reader.read()).rejects.toThrow("lost");
  });
});
