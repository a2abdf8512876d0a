import { once } from "node:events";
import {
  connectFrame,
  FRAME,
  replyAck,
  startRequest,
  startResponse,
  type StartResponse,
  type WorkerConnect,
  workerConnect,
  workerReply,
} from "@pawl/protocol";
import * as fc from "fast-check";
import { openMemoryStore } from "@pawl/store-memory";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { hashedKey } from "../http/auth.ts";
import { type PawlServer, type ServerOptions, startServer } from "../server.ts";
import { decode, encode } from "./codec.ts";
import { frameOf } from "./session.ts";

const KEY = "00112233445566778899aabbccddeeff";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let server: PawlServer | undefined;

async function start(options: Partial<ServerOptions> = {}): Promise<PawlServer> {
  server = await startServer({ store: openMemoryStore(), port: 0, ...options });
  return server;
}

afterEach(async () => {
  await server?.stop(0);
  server = undefined;
});

function post(path: string, body: Uint8Array = new Uint8Array(0), headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server?.url}${path}`, {
    method: "POST",
    body: Buffer.from(body),
    headers: { "content-type": "application/protobuf", ...headers },
  });
}

async function ticket(headers: Readonly<Record<string, string>> = {}): Promise<StartResponse> {
  const response = await post("/v0/connect/start", undefined, headers);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
  return decode(startResponse, new Uint8Array(await response.arrayBuffer()));
}

function open(url: string, protocol = "v0.connect.inngest.com", headers: Readonly<Record<string, string>> = {}): WebSocket {
  const socket = new WebSocket(url, [protocol], { headers });
  socket.on("error", () => {});
  return socket;
}

/** The next frame. */
async function frame(socket: WebSocket): Promise<{ readonly kind: number; readonly payload: Uint8Array }> {
  const [content] = (await once(socket, "message")) as [Buffer];
  return decode(connectFrame, content);
}

async function closeOf(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
}

function introduction(
  { connectionId, sessionToken, syncToken }: StartResponse,
  over: Pick<WorkerConnect, "systemAttributes"> = {},
): Uint8Array {
  return encode(workerConnect, {
    connectionId,
    instanceId: "w",
    authData: { sessionToken, syncToken },
    capabilities: bytes("{}"),
    apps: [{ appName: "shop", functions: bytes("[]") }],
    workerManualReadinessAck: false,
    framework: "connect",
    sdkVersion: "v1",
    sdkLanguage: "test",
    ...over,
  });
}

const reply = {
  requestId: "r",
  accountId: "",
  envId: "",
  appId: "",
  status: 1,
  body: bytes("1"),
  noRetry: false,
  sdkVersion: "",
  requestVersion: 2,
  systemTraceCtx: bytes("{}"),
  userTraceCtx: bytes(""),
  runId: "",
};

test("a worker gets a ticket and connects with it, once, at the address it came to", async () => {
  const { url, connect } = await start();
  const given = await ticket();
  expect(given).toMatchObject({ gatewayEndpoint: `${url.replace("http", "ws")}/v0/connect`, gatewayGroup: "gw-dev" });
  const socket = open(given.gatewayEndpoint);
  expect(await frame(socket)).toMatchObject({ kind: FRAME.gatewayHello });
  socket.send(frameOf(FRAME.workerConnect, introduction(given)));
  expect(await frame(socket)).toMatchObject({ kind: FRAME.connectionReady });
  expect([socket.protocol, connect.workers.all()[0]?.phase]).toEqual(["v0.connect.inngest.com", "ready"]);
  const twin = open(given.gatewayEndpoint);
  await frame(twin);
  twin.send(frameOf(FRAME.workerConnect, introduction(given)));
  expect(await closeOf(twin)).toEqual([1008, "connect_authentication_failed"]);
  socket.close();
  await once(socket, "close");
});

test("who is connected is told to people and tools", async () => {
  const { url } = await start();
  const given = await ticket();
  const socket = open(given.gatewayEndpoint);
  await frame(socket);
  socket.send(frameOf(FRAME.workerConnect, introduction(given, { systemAttributes: { cpuCores: 2, memBytes: 8, os: "linux" } })));
  await frame(socket);
  const { connectionId } = given;
  const worker = { id: connectionId, status: "ready", address: "127.0.0.1", cpuCores: 2, capacity: 1_000, inUse: 0 };
  expect(await (await fetch(`${url}/ui/v1/workers`)).json()).toMatchObject({ total: 1, items: [worker] });
  const query = "query ($id: ULID!) { workerConnection(connectionId: $id) { status workerIp memBytes os appName } }";
  const body = JSON.stringify({ query, variables: { id: connectionId } });
  const answer = await fetch(`${url}/v0/gql`, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(await answer.json()).toEqual({
    data: { workerConnection: { status: "READY", workerIp: "127.0.0.1", memBytes: 8, os: "linux", appName: "shop" } },
  });
  expect(await (await fetch(`${url}/v0/connect/envs/x/conns`)).json()).toMatchObject({
    data: [{ id: connectionId, attributes: { cpu_cores: 2, mem_bytes: 8, os: "linux" } }],
  });
  socket.close();
  await once(socket, "close");
});

test("behind a proxy the address is the proxy's", async () => {
  await start();
  expect((await ticket({ "x-forwarded-proto": "https", "x-forwarded-host": "pawl.example" })).gatewayEndpoint).toBe(
    "wss://pawl.example/v0/connect",
  );
});

test("a port for workers alone", async () => {
  const { port } = await start({ connectPort: 0 });
  const { gatewayEndpoint } = await ticket();
  const gateway = new URL(gatewayEndpoint);
  expect(gateway.port).not.toBe(String(port));
  expect(await (await fetch(`http://127.0.0.1:${gateway.port}/v0/`)).text()).toBe(".");
  expect((await fetch(`http://127.0.0.1:${gateway.port}/ready`)).status).toBe(200);
  const socket = open(gatewayEndpoint);
  expect(await frame(socket)).toMatchObject({ kind: FRAME.gatewayHello });
  socket.terminate();
});

test.each([
  ["of the API", {}, "203.0.113.9"],
  ["for workers alone", { connectPort: 0 }, "203.0.113.9"],
  ["of the API, where no proxy is trusted", { trustedProxies: [] }, "127.0.0.1"],
  ["for workers alone, where no proxy is trusted", { connectPort: 0, trustedProxies: [] }, "127.0.0.1"],
])("a worker's address on the port %s is whom a trusted proxy tells", async (_what, options, address) => {
  const { url } = await start({ trustedProxies: ["127.0.0.0/8"], ...options });
  const given = await ticket();
  // The client wrote the first, the proxy appended the second.
  const socket = open(given.gatewayEndpoint, undefined, { "x-forwarded-for": "1.2.3.4, 203.0.113.9" });
  await frame(socket);
  socket.send(frameOf(FRAME.workerConnect, introduction(given)));
  expect(await frame(socket)).toMatchObject({ kind: FRAME.connectionReady });
  expect(await (await fetch(`${url}/ui/v1/workers`)).json()).toMatchObject({ items: [{ address }] });
  socket.terminate();
});

test("a server with a list of proxies that can't be read does not start", async () => {
  await expect(start({ trustedProxies: ["10.0.0.0/8", "proxy"] })).rejects.toThrow('"proxy" is no address');
});

test("production needs the signing key; without one, nobody may connect", async () => {
  await start({ kind: "cloud", signingKey: KEY });
  for (const path of ["/v0/connect/start", "/v0/connect/flush", "/v0/start"]) {
    const missing = await post(path);
    expect([missing.status, await missing.json()]).toMatchObject([401, { error: "missing Authorization header" }]);
    expect((await post(path, undefined, { authorization: "Bearer 00" })).status).toBe(401);
  }
  const syncToken = `signkey-prod-${hashedKey(KEY)}`;
  expect(await ticket({ authorization: `Bearer ${syncToken}` })).toMatchObject({ syncToken });
  await server?.stop(0);
  await start({ kind: "cloud" });
  expect((await post("/v0/connect/start")).status).toBe(401);
});

test("bodies that are no messages are refused", async () => {
  await start();
  expect((await post("/v0/connect/start", new Uint8Array([255]))).status).toBe(400);
  expect((await post("/v0/connect/start", encode(startRequest, { excludeGateways: ["gw-dev"] }))).status).toBe(200);
  expect((await post("/v0/connect/flush", new Uint8Array([255]))).status).toBe(400);
  expect((await post("/v0/connect/flush", encode(workerReply, { ...reply, systemTraceCtx: bytes("no") }))).status).toBe(400);
  expect((await post("/v0/connect/start", new Uint8Array(1_024 * 1_024 + 1))).status).toBe(413);
});

test("an answer that nobody waits for is confirmed, so that its worker forgets it", async () => {
  await start();
  const response = await post("/v0/connect/flush", encode(workerReply, reply));
  expect([response.status, decode(replyAck, new Uint8Array(await response.arrayBuffer()))]).toEqual([200, { requestId: "r" }]);
});

test("only workers may connect, and only while the server runs", async () => {
  const { url, connect } = await start();
  const refusalOf = async (protocol: string): Promise<number> => {
    const [, response] = (await once(
      new WebSocket(`${url}/v0/connect`, [protocol]).on("error", () => {}),
      "unexpected-response",
    )) as [unknown, { statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };
  expect(await refusalOf("chat")).toBe(400);
  expect((await fetch(`${url}/v0/connect`)).status).toBe(426);
  connect.drain(false);
  expect(await refusalOf("v0.connect.inngest.com")).toBe(503);
  expect((await post("/v0/connect/start")).status).toBe(503);
});

test("who is connected can be seen in development", async () => {
  const { url } = await start();
  const given = await ticket();
  const socket = open(given.gatewayEndpoint);
  await frame(socket);
  socket.send(frameOf(FRAME.workerConnect, introduction(given)));
  await frame(socket);
  const { data } = (await (await fetch(`${url}/v0/connect/envs/e/conns`)).json()) as {
    data: { all_worker_groups: Record<string, string> }[];
  };
  expect(data).toMatchObject([{ id: given.connectionId, instance_id: "w", status: "READY", sdk_language: "test", sdk_version: "v1" }]);
  const [hash] = Object.values(data[0]?.all_worker_groups ?? {});
  expect(await (await fetch(`${url}/v0/connect/envs/e/groups/${hash}`)).json()).toMatchObject({
    data: { app_name: "shop", conns: [{ instance_id: "w" }] },
  });
  expect((await fetch(`${url}/v0/connect/envs/e/groups/none`)).status).toBe(404);
  expect(await (await fetch(`${url}/v0/connect/envs/e/conns?app_id=other`)).json()).toEqual({ data: [] });
  socket.terminate();
});

test("a frame that is larger than any message ends the connection before it is read", async () => {
  await start();
  const { gatewayEndpoint } = await ticket();
  const socket = open(gatewayEndpoint);
  await frame(socket);
  socket.send(Buffer.alloc(8 * 1_024 * 1_024 + 1));
  expect((await closeOf(socket))[0]).toBe(1009);
});

test("fuzz: whatever sockets send, the server goes on, and keeps nothing of it", async () => {
  const { connect, url } = await start();
  const kinds = fc.nat({ max: 17 });
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc.tuple(kinds, fc.uint8Array({ maxLength: 500 })).map(([kind, payload]) => frameOf(kind, payload)),
    fc.string({ maxLength: 100 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(content, { minLength: 1, maxLength: 20 }), async (isIntroduced, frames) => {
      const given = await ticket();
      const socket = open(given.gatewayEndpoint);
      await once(socket, "open");
      if (isIntroduced) {
        socket.send(frameOf(FRAME.workerConnect, introduction(given)));
        while ((await frame(socket)).kind !== FRAME.connectionReady);
      }
      for (const each of frames) if (socket.readyState === WebSocket.OPEN) socket.send(each);
      socket.close();
      await once(socket, "close");
    }),
    { numRuns: 150 },
  );
  // The gateway's side of the last connection ends a turn later than the client's.
  while (connect.workers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect([connect.workers.size, connect.requests.size, connect.hasRoom]).toEqual([0, 0, true]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

// 220 MB go over a socket: 2 s, and many times that where the machine has other work.
test("fuzz: a flood of the largest frames does not grow memory", { timeout: 60_000 }, async () => {
  await start();
  const flood = encode(connectFrame, { kind: FRAME.workerStatus, payload: new Uint8Array(4 * 1_024 * 1_024).fill(10) });
  const given = await ticket();
  const run = async (): Promise<void> => {
    const { gatewayEndpoint, ...rest } = await ticket();
    const socket = open(gatewayEndpoint);
    await once(socket, "open");
    socket.send(frameOf(FRAME.workerConnect, introduction({ ...given, ...rest })));
    while ((await frame(socket)).kind !== FRAME.connectionReady);
    for (let count = 0; count < 5; count++) socket.send(flood);
    await once(socket, "close");
  };
  await run();
  const before = process.memoryUsage().rss;
  for (let count = 0; count < 10; count++) await run();
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1_024 * 1_024);
});
