/** The routes over real sockets. */
import { once } from "node:events";
import { connect } from "node:net";
import { REALTIME_STREAM_TOKEN_MS } from "@pawl/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { hashedKey } from "../http/auth.ts";
import { answer, settled, type TestServerOptions } from "../http/test-server.fixture.ts";
import type { HubLimits } from "./hub.ts";
import { openRequest, openSocket, openStream, type RealtimeServer, realtimeServer } from "./realtime.fixture.ts";

const KEY = "00112233445566778899aabbccddeeff";
const SECOND_MS = 1_000;

let realtime: RealtimeServer;
afterEach(() => realtime.stop());

async function started(options: TestServerOptions & { readonly limits?: Partial<HubLimits> } = {}): Promise<RealtimeServer> {
  realtime = await realtimeServer(options);
  return realtime;
}

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${realtime.url}/v1/realtime/${path}`, { method: "POST", body, headers });
}

const publish = (query: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Response> =>
  post(`publish?${query}`, body, headers);
const connectUrl = (token: string): string => `${realtime.url}/v1/realtime/connect?token=${token}`;
const sseUrl = (token: string): string => `${realtime.url}/v1/realtime/sse?token=${token}`;

describe("tokens", () => {
  const topics = JSON.stringify([{ channel: "c", name: "t", kind: "run" }]);
  const json = { "content-type": "application/json" };

  test("a token names the topics and opens a subscription to them", async () => {
    await started();
    const response = await post("token", topics, json);
    expect(response.status).toBe(201);
    const { jwt } = (await response.json()) as { jwt: string };
    const claims = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({
      iss: "rt.inngest.com",
      sub: "00000000-0000-4000-a000-000000000000",
      env: "00000000-0000-4000-b000-000000000000",
      topics: [{ kind: "run", channel: "c", name: "t" }],
      publish: false,
      exp: Math.floor((realtime.server.clock.now() + 60 * SECOND_MS) / SECOND_MS),
    });
    const client = await openSocket(connectUrl(jwt));
    await publish("channel=c&topic=t", "1");
    expect(await client.messages.next()).toMatchObject({ data: 1 });
    client.socket.close();
  });

  test.each(["[]", "{}", '[{"channel":"c"}]', '[{"channel":"c","name":""}]', `[{"channel":"c","name":"${"x".repeat(600)}"}]`])(
    "a request of %s is refused",
    async (body) => {
      await started();
      expect((await post("token", body, json)).status).toBe(400);
    },
  );

  test("with a signing key, only its holder gets tokens and publishes", async () => {
    await started({ signingKey: KEY, kind: "cloud" });
    for (const [path, body] of [
      ["token", topics],
      ["publish?channel=c&topic=t", "1"],
      ["publish/tee?channel=c", ""],
    ] as const) {
      const statuses: number[] = [];
      for (const bearer of [undefined, "wrong", realtime.token(["c", "t"]), KEY, hashedKey(KEY), `signkey-test-${hashedKey(KEY)}`])
        statuses.push((await post(path, body, bearer === undefined ? json : { ...json, authorization: `Bearer ${bearer}` })).status);
      const accepted = path === "token" ? 201 : 200;
      expect(statuses).toEqual([401, 401, 401, accepted, accepted, accepted]);
    }
  });

  test("a token that may publish does so for its topics only", async () => {
    await started({ signingKey: KEY, kind: "cloud" });
    const token = realtime.realtime.grant({ topics: [{ channel: "c", name: "t" }], canPublish: true });
    const headers = { authorization: `Bearer ${token}` };
    expect((await publish("channel=c&topic=t", "1", headers)).status).toBe(200);
    expect((await publish(`channel=c&topic=t&token=${token}`, "1")).status).toBe(200);
    expect((await publish("channel=c&topic=t&topic=other", "1", headers)).status).toBe(401);
    expect((await publish("channel=other&topic=t", "1", headers)).status).toBe(401);
  });

  test("the signing key opens no subscription, and neither does an old or foreign token", async () => {
    await started({ signingKey: KEY, kind: "cloud" });
    const old = realtime.token(["c", "t"]);
    await realtime.server.clock.advance(60 * SECOND_MS);
    for (const token of [KEY, old, ""]) {
      await expect(openSocket(connectUrl(token))).rejects.toThrow("refused with 401");
      expect((await fetch(sseUrl(token), { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(401);
    }
  });
});

describe("messages", () => {
  const subscribed = async (...names: string[]): Promise<Awaited<ReturnType<typeof openSocket>>> => {
    await started();
    return openSocket(connectUrl(realtime.token(...names.map((name) => ["c", name] as const))));
  };

  test("a message has its place, time and extras", async () => {
    const { messages, socket } = await subscribed("t");
    const response = await publish(`channel=c&topic=t&run_id=01R&metadata=${encodeURIComponent('{"a":1}')}`, '{\n  "pct": 40\n}');
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(await messages.next()).toEqual({
      kind: "data",
      data: { pct: 40 },
      metadata: { a: 1 },
      created_at: new Date(realtime.server.clock.now()).toISOString().replace(".000Z", "Z"),
      channel: "c",
      topic: "t",
      env_id: "00000000-0000-4000-b000-000000000000",
      run_id: "01R",
    });
    socket.close();
  });

  test("what is no JSON becomes a text", async () => {
    const { messages, socket } = await subscribed("t");
    for (const body of ["plain", '{"cut":', "", '"json"', "null"])
      await publish("channel=c&topic=t", body, { "content-type": "text/plain" });
    const came = [];
    for (let index = 0; index < 5; index++) came.push(((await messages.next()) as { data: unknown }).data);
    expect(came).toEqual(["plain", '{"cut":', "", "json", null]);
    socket.close();
  });

  test("each topic of the request gets the message", async () => {
    const { messages, socket } = await subscribed("t", "u");
    await publish("channel=c&topic=t&topic=u&topic=t", "1");
    expect([await messages.next(), await messages.next()]).toMatchObject([{ topic: "t" }, { topic: "u" }]);
    await publish("channel=other&topic=t", "2");
    await publish("channel=c&topic=t", "3");
    expect(await messages.next()).toMatchObject({ data: 3 });
    socket.close();
  });

  test("publishing needs a channel and a topic, and does not need subscribers", async () => {
    await started();
    const statuses = [];
    for (const query of ["channel=c", "topic=t", "channel=&topic=t", "channel=c&topic=t&metadata=%7B", "channel=c&topic=t"])
      statuses.push((await publish(query, "1")).status);
    expect(statuses).toEqual([400, 400, 400, 400, 200]);
  });

  test("a message that is too large is refused as a whole", async () => {
    const { messages, socket } = await subscribed("t");
    const largest = JSON.stringify("x".repeat(512 * 1_024 - 2));
    expect((await publish("channel=c&topic=t", `${largest} `)).status).toBe(413);
    expect((await publish("channel=c&topic=t", largest)).status).toBe(200);
    expect(((await messages.next()) as { data: string }).data).toHaveLength(512 * 1_024 - 2);
    socket.close();
  });

  test("a stream arrives piece by piece while it is written", async () => {
    const { messages, socket } = await subscribed("t");
    const request = openRequest(`${realtime.url}/v1/realtime/publish?channel=c&topic=t`, { "content-type": "text/stream" });
    request.write("first");
    const start = (await messages.next()) as { data: string };
    expect(start).toMatchObject({ kind: "datastream-start", channel: "c", topic: "t" });
    const piece = { kind: "chunk", stream_id: start.data, channel: "c", topic: "t" };
    expect(await messages.next()).toMatchObject({ ...piece, data: "first" });
    request.write("é".repeat(600));
    expect(await messages.next()).toMatchObject({ ...piece, data: "é".repeat(512) });
    expect(await messages.next()).toMatchObject({ ...piece, data: "é".repeat(88) });
    expect(await request.end()).toBe(200);
    expect(await messages.next()).toMatchObject({ kind: "datastream-end", data: start.data });
    socket.close();
  });

  test("a stream that breaks off ends for its subscribers too", async () => {
    const { messages, socket } = await subscribed("t");
    const request = openRequest(`${realtime.url}/v1/realtime/publish?channel=c&topic=t`, { "content-type": "text/stream" });
    request.write("first");
    await messages.next();
    await messages.next();
    request.destroy();
    expect(await messages.next()).toMatchObject({ kind: "datastream-end" });
    socket.close();
  });

  test("a stream may take as long as its token is valid", async () => {
    // Node cuts off what takes longer, and says nothing that a test could wait for in less time.
    expect((await started()).http.server.requestTimeout).toBe(REALTIME_STREAM_TOKEN_MS);
  });

  test("a stream has an end", async () => {
    await started();
    const response = await publish("channel=c&topic=t", "x".repeat(1_000 * 1_024 + 1), { "content-type": "text/stream" });
    expect(response.status).toBe(413);
  });
});

describe("WebSocket", () => {
  test("a connection adds and removes topics; anything else is ignored", async () => {
    await started();
    const { socket, messages } = await openSocket(connectUrl(realtime.token(["c", "t"])));
    const answered = async (): Promise<void> => {
      // A pong says that all frames before have been read.
      socket.ping();
      await once(socket, "pong");
    };
    for (const frame of ["{", "[]", "null", '{"kind":"sub","data":"x"}', '{"kind":"sub"}', '{"kind":"unsub","data":[1]}', '{"kind":"?"}'])
      socket.send(frame);
    socket.send(Buffer.from('{"kind":"unsub","data":[{"channel":"c","name":"t"}]}'));
    socket.send(JSON.stringify({ kind: "sub", data: realtime.token(["c", "u"]) }));
    await answered();
    await publish("channel=c&topic=t&topic=u", "1");
    expect([await messages.next(), await messages.next()]).toMatchObject([{ topic: "t" }, { topic: "u" }]);
    socket.send(JSON.stringify({ kind: "unsub", data: [{ kind: "run", channel: "c", name: "t" }] }));
    await answered();
    await publish("channel=c&topic=t&topic=u", "2");
    expect(await messages.next()).toMatchObject({ topic: "u", data: 2 });
    expect(messages.rest).toEqual([]);
    socket.close();
  });

  test("pings keep the connection alive, and end it where no pong comes", async () => {
    await started();
    const [alive, gone] = await Promise.all(
      [true, false].map((autoPong) => openSocket(connectUrl(realtime.token(["c", "t"])), { autoPong })),
    );
    if (alive === undefined || gone === undefined) throw new Error("unreachable");
    for (let round = 0; round < 2; round++) {
      const pinged = once(alive.socket, "ping");
      await realtime.server.clock.advance(15 * SECOND_MS);
      await pinged;
      // The pong that was sent with the ping is there before the answer to a later request.
      alive.socket.ping();
      await once(alive.socket, "pong");
    }
    expect((await gone.closed).code).toBe(1006);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    alive.socket.close();
  });

  test("a frame that is too large ends its connection only", async () => {
    await started();
    const token = realtime.token(["c", "t"]);
    const [bad, good] = [await openSocket(connectUrl(token)), await openSocket(connectUrl(token))];
    bad.socket.send("x".repeat(70_000));
    expect((await bad.closed).code).toBe(1009);
    await publish("channel=c&topic=t", "1");
    expect(await good.messages.next()).toMatchObject({ data: 1 });
    good.socket.close();
  });

  test("other paths are no WebSockets, and this one is nothing else", async () => {
    await started();
    await expect(openSocket(`${realtime.url}/v1/other`)).rejects.toThrow("refused with 404");
    expect((await fetch(connectUrl(realtime.token(["c", "t"])))).status).toBe(426);
  });

  test("when the server stops, connections are told so", async () => {
    await started();
    const { closed } = await openSocket(connectUrl(realtime.token(["c", "t"])));
    await realtime.http.close();
    expect(await closed).toEqual({ code: 1001, reason: "closing" });
  });

  test("a peer that reads nothing is cut off, and others get everything", async () => {
    await started({ limits: { bytesMax: 1_024 * 1_024 } });
    const token = realtime.token(["c", "t"]);
    const { port } = new URL(realtime.url);
    const deaf = connect(Number(port), "127.0.0.1").pause();
    deaf.on("error", () => {});
    const upgrade = [
      "Host: x",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ];
    deaf.write(`GET /v1/realtime/connect?token=${token} HTTP/1.1\r\n${upgrade.join("\r\n")}\r\n\r\n`);
    const { socket, messages } = await openSocket(connectUrl(token));
    await until(() => realtime.realtime.hub.subscriberCount === 2);
    const body = JSON.stringify("x".repeat(500_000));
    let sent = 0;
    for (; realtime.realtime.hub.subscriberCount === 2 && sent < 100; sent++) {
      await publish("channel=c&topic=t", body);
      await messages.next();
    }
    expect(realtime.realtime.hub).toMatchObject({ subscriberCount: 1, keptBytes: 0 });
    expect(sent).toBeLessThan(100);
    deaf.destroy();
    socket.close();
  });
});

describe("server-sent events", () => {
  test("messages are events, whole and in order", async () => {
    await started();
    const { response, events } = await openStream(sseUrl(realtime.token(["c", "t"])));
    expect(response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
    });
    await publish("channel=c&topic=t", '{\n"a":\r\n1}');
    await publish("channel=c&topic=t", "line\n\nline");
    expect(JSON.parse((await events.next()).replace(/^data: /, ""))).toMatchObject({ data: { a: 1 } });
    expect(JSON.parse((await events.next()).replace(/^data: /, ""))).toMatchObject({ data: "line\n\nline" });
    response.destroy();
  });

  test("the bearer may be the token", async () => {
    await started();
    const response = await fetch(`${realtime.url}/v1/realtime/sse`, { headers: { authorization: `Bearer ${realtime.token(["c", "t"])}` } });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  test("comments keep the stream alive, which ends after 15 minutes", async () => {
    await started();
    const { events, closed, response } = await openStream(sseUrl(realtime.token(["c", "t"])));
    await realtime.server.clock.advance(15 * SECOND_MS);
    expect(await events.next()).toBe(":");
    await realtime.server.clock.advance(15 * 60 * SECOND_MS);
    await closed;
    expect(response.complete).toBe(true);
    await until(() => realtime.realtime.hub.subscriberCount === 0);
  });

  test("a stream that is passed on raw arrives by whole events, without WebSockets", async () => {
    await started();
    const token = realtime.token(["run", "$stream"]);
    const { events, response } = await openStream(sseUrl(token));
    const { socket, messages } = await openSocket(connectUrl(token));
    const request = openRequest(`${realtime.url}/v1/realtime/publish/tee?channel=run`, { "content-type": "application/octet-stream" });
    request.write("event: inngest.stream\ndata: 1\n\nevent: in");
    expect(await events.next()).toBe("event: inngest.stream\ndata: 1");
    await realtime.server.clock.advance(15 * SECOND_MS);
    expect(await events.next()).toBe(":");
    request.write("ngest.stream\ndata: 2\n\n");
    expect(await events.next()).toBe("event: inngest.stream\ndata: 2");
    expect(await request.end()).toBe(200);
    expect(messages.rest).toEqual([]);
    socket.close();
    response.destroy();
  });

  test("with too many subscribers another one is refused", async () => {
    await started({ limits: { subscribersMax: 1 } });
    const token = realtime.token(["c", "t"]);
    const { response } = await openStream(sseUrl(token));
    expect((await fetch(sseUrl(token))).status).toBe(503);
    expect((await (await openSocket(connectUrl(token))).closed).code).toBe(1013);
    response.destroy();
  });
});

describe("runs", () => {
  test("what becomes of a run is told on its channel", async () => {
    const { promise: called, resolve: onCall } = Promise.withResolvers<string>();
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    await started({
      app: ({ ctx }) => {
        onCall(ctx.run_id);
        return finished.then(() => answer(200, { done: true }));
      },
    });
    await realtime.server.post("/e/key", { name: "shop/imported", data: {} });
    const { socket, messages } = await openSocket(connectUrl(realtime.token([await called, "$run"])));
    finish();
    expect(await messages.next()).toMatchObject({
      kind: "run",
      topic: "$run",
      fn_slug: "shop-import",
      data: { status: "COMPLETED", output: { done: true } },
    });
    socket.close();
  });
});

/** Resolves when something that other events bring about is so; each turn lets them happen. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settled();
}
