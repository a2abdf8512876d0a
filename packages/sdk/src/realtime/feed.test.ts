import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Feed, openEventFeed, openFeed, openSocketFeed } from "./feed.ts";

/** What a feed tells, in order; `until` waits for the n-th. */
class Log {
  readonly entries: string[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly opened = (): void => this.#add("opened");
  readonly received = (text: string): void => this.#add(text);
  readonly ended = ({ message }: Error): void => this.#add(`ended: ${message}`);

  async until(count: number): Promise<readonly string[]> {
    if (this.entries.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.entries;
  }

  #add(entry: string): void {
    this.entries.push(entry);
    for (const { count, resolve } of this.#waiting) if (this.entries.length >= count) resolve();
  }
}

describe("server-sent events", () => {
  let server: Server;
  let target: { apiBaseUrl: string; key: string };
  let serve: (response: ServerResponse) => void;
  const urls: string[] = [];

  beforeEach(async () => {
    urls.length = 0;
    server = createServer((request, response) => {
      urls.push(request.url ?? "");
      serve(response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    target = { apiBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, key: "a b" };
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test("events are put together from whatever parts they come in; the end of the stream is told", async () => {
    const text = 'data: {"a":"é"}\n\n:\n\nevent: x\ndata:1\r\ndata:  2\r\n\r\ndata: incomplete';
    serve = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const bytes = Buffer.from(text);
      for (let index = 0; index < bytes.length; index++) response.write(bytes.subarray(index, index + 1));
      response.end();
    };
    const log = new Log();
    openEventFeed(target, log);
    expect(await log.until(4)).toEqual(["opened", '{"a":"é"}', "1\n 2", "ended: The realtime connection was closed by the server."]);
    expect(urls).toEqual(["/v1/realtime/sse?token=a%20b"]);
  });

  test("a refusal says why", async () => {
    serve = (response) => void response.writeHead(401).end("no");
    const log = new Log();
    openEventFeed(target, log);
    expect(await log.until(1)).toEqual([expect.stringMatching(/could not be opened.*HTTP 401/)]);
  });

  test("a closed feed ends its request and tells nothing more", async () => {
    const { promise: served, resolve: onServed } = Promise.withResolvers<ServerResponse>();
    serve = (response) => {
      response.writeHead(200).write("data: 1\n\n");
      onServed(response);
    };
    const log = new Log();
    const feed: Feed = openEventFeed(target, log);
    await log.until(2);
    feed.close();
    await once(await served, "close");
    expect(log.entries).toEqual(["opened", "1"]);
  });
});

describe("WebSocket", () => {
  class FakeSocket extends EventTarget {
    static last: FakeSocket;
    readonly url: string;
    isClosed = false;

    constructor(url: string) {
      super();
      this.url = url;
      FakeSocket.last = this;
    }

    close(): void {
      this.isClosed = true;
    }
  }

  const target = { apiBaseUrl: "https://a/base", key: "k" };
  const tell = (type: string, fields: object = {}): void => void FakeSocket.last.dispatchEvent(Object.assign(new Event(type), fields));

  beforeEach(() => vi.stubGlobal("WebSocket", FakeSocket));
  afterEach(() => vi.unstubAllGlobals());

  test("texts are received until the connection is closed", () => {
    const log = new Log();
    openFeed(target, log);
    expect(FakeSocket.last.url).toBe("wss://a/base/v1/realtime/connect?token=k");
    tell("open");
    tell("message", { data: "1" });
    tell("message", { data: new ArrayBuffer(1) });
    tell("close", { code: 1001, reason: "closing" });
    tell("error");
    expect(log.entries).toEqual(["opened", "1", "ended: The realtime connection was closed (1001, closing)."]);
  });

  test("a connection that never was is told once", () => {
    const log = new Log();
    openSocketFeed(target, log);
    tell("error");
    tell("close", { code: 1006, reason: "" });
    expect(log.entries).toEqual([expect.stringMatching(/could not be opened/)]);
  });

  test("a closed feed tells nothing more", () => {
    const log = new Log();
    const feed = openSocketFeed(target, log);
    feed.close();
    tell("open");
    tell("message", { data: "1" });
    tell("close", { code: 1000, reason: "" });
    expect([log.entries, FakeSocket.last.isClosed]).toEqual([[], true]);
  });

  test("without one, server-sent events are used", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const urls: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => (urls.push(url), new Response(null, { status: 503 })));
    const log = new Log();
    openFeed(target, log);
    await log.until(1);
    expect(urls).toEqual(["https://a/base/v1/realtime/sse?token=k"]);
  });
});
