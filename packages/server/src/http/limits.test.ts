import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { given } from "../json.ts";
import { readTrustedProxies } from "../net/client-address.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { openSecrets } from "../ports/secrets.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { Realtime } from "../realtime/realtime.ts";
import { realtimeRoutes } from "../realtime/realtime-routes.ts";
import { dial, hangUp } from "./dial.fixture.ts";
import { hintFor } from "./errors.ts";
import type { Routes } from "./http-server.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { type TestServer, type TestServerOptions, testServer } from "./test-server.fixture.ts";

const KEY = "aabbccdd";

let server: TestServer | undefined;

afterEach(async () => {
  hangUp();
  await server?.stop();
  server = undefined;
});

async function listening(options: TestServerOptions = {}): Promise<TestServer> {
  server = await testServer(options);
  await server.http.listen({ host: "127.0.0.1", port: 0 });
  return server;
}

/** The server has read the head of the next request. */
async function headRead({ http }: TestServer): Promise<void> {
  await once(http.server, "request");
}

test.each(["/e/key", "/fn/register", "/v1/signals", "/v2/events", "/v0/gql", "/ui/v1/events", "/v1/runs/x/metadata"])(
  "POST %s: a body that does not come is answered with 408, and its connection is cut",
  async (path) => {
    const { clock } = await listening();
    const { socket, received } = await dial(server!.http.server);
    const read = headRead(server!);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a`);
    await read;
    await clock.advance(HTTP_LIMITS.bodyMs - 1);
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);
    const [head = "", body = ""] = (await received).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 408 [^]*\r\nconnection: close/);
    expect(JSON.parse(body)).toEqual({
      code: "request_timeout",
      error: "The body did not arrive within 60 seconds.",
      hint: hintFor(408),
      data: null,
      status: 408,
    });
  },
);

test("a request that was refused at once may not send the rest of its body for ever", async () => {
  const { clock } = await listening({ kind: "cloud", signingKey: KEY });
  const { socket, received } = await dial(server!.http.server);
  const read = headRead(server!);
  socket.write("POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
  await read;
  await once(socket, "data");
  await clock.advance(HTTP_LIMITS.bodyMs);
  expect(await received).toBeDefined();
});

test("a body that comes in time leaves no timer behind", async () => {
  const { clock } = await listening();
  const before = clock.timerCount;
  const { socket, received } = await dial(server!.http.server);
  const read = headRead(server!);
  socket.write(
    "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{",
  );
  await read;
  expect(clock.timerCount).toBe(before + 1);
  socket.write("}");
  expect(await received).toMatch(/^HTTP\/1\.1 400 /);
  expect(clock.timerCount).toBe(before);
});

test("a stream may be published for as long as it takes; a message may not", async () => {
  const clock = new ManualClock();
  const realtime = new Realtime({ clock, random: systemRandom(), loadSecret: openSecrets() });
  await listening({ clock, routes: [realtimeRoutes(realtime)] });
  const start = async (type: string): ReturnType<typeof dial> => {
    const dialled = await dial(server!.http.server);
    const read = headRead(server!);
    dialled.socket.write(
      `POST /v1/realtime/publish?channel=c&topic=t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\na`,
    );
    await read;
    return dialled;
  };
  const [stream, message] = [await start("text/stream"), await start("text/plain")];
  await clock.advance(HTTP_LIMITS.bodyMs * 2);
  expect(await message.received).toMatch(/^HTTP\/1\.1 408 /);
  stream.socket.write("b");
  expect(await stream.received).toMatch(/^HTTP\/1\.1 200 /);
});

test("headers that do not come are answered with 408", async () => {
  await listening({ limits: { headersMs: 20 } });
  const { socket, received } = await dial(server!.http.server);
  socket.write("GET /health HTTP/1.1\r\nHost: local");
  const [head = "", body = ""] = (await received).split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 408 /);
  expect(JSON.parse(body)).toMatchObject({ code: "request_timeout", hint: expect.any(String) });
});

test.each([
  ["one long header", `X-Long: ${"a".repeat(17_000)}\r\n`],
  ["many headers", Array.from({ length: 2_000 }, (_value, index) => `X-${String(index)}: ab\r\n`).join("")],
])("%s: 431", async (_what, headers) => {
  await listening();
  const { socket, received } = await dial(server!.http.server);
  socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  const [head = "", body = ""] = (await received).split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 431 /);
  expect(JSON.parse(body)).toMatchObject({ code: "headers_too_large", status: 431, hint: expect.any(String) });
});

test("what is no HTTP is answered with 400", async () => {
  await listening();
  const { socket, received } = await dial(server!.http.server);
  socket.write("\u0000\u0001 garbage\r\n\r\n");
  expect(await received).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed_request"/);
});

test("connections beyond the limit are not taken", async () => {
  await listening({ limits: { connections: 1 } });
  await dial(server!.http.server);
  const { received } = await dial(server!.http.server);
  expect(await received).toBe("");
});

test.each([
  ["/e/key", { status: 429, code: "rate_limited" }],
  ["/v1/signals", { status: 429, code: "rate_limited" }],
  ["/v2/events", { errors: [{ code: "rate_limited", message: expect.any(String) }] }],
  ["/v0/gql", { errors: [{ message: expect.any(String), extensions: { code: "rate_limited" } }] }],
  ["/ui/v1/events", { error: { code: "rate-limited", message: expect.any(String), hint: expect.any(String) } }],
  ["/no/such/path", { status: 429, code: "rate_limited" }],
])("%s: a client that sends more requests than it may gets 429", async (path, body) => {
  server = await testServer({ kind: "cloud", signingKey: KEY, eventKeys: ["key"], limits: { requestsPerSecond: 2 } });
  for (let sent = 0; sent < 2; sent++) expect((await server.post(path)).status).not.toBe(429);
  const refused = await server.post(path);
  expect(refused).toMatchObject({ status: 429, body, headers: { "retry-after": "1" } });
});

test("an accepted key is a client of its own; one that is not counts for nothing", async () => {
  const { post } = (server = await testServer({
    kind: "cloud",
    signingKey: KEY,
    eventKeys: ["a", "b"],
    limits: { requestsPerSecond: 1 },
  }));
  const event = { name: "shop/imported", data: {} };
  expect((await post("/e/a", event)).status).toBe(200);
  expect((await post("/e/a", event)).status).toBe(429);
  expect((await post("/e/b", event)).status).toBe(200);
  const bearer = { authorization: `Bearer ${KEY}` };
  expect((await post("/v1/signals", { signal: "s" }, bearer)).status).toBe(404);
  expect((await post("/v1/signals", { signal: "s" }, bearer)).status).toBe(429);
  expect((await post("/e/guess1", event)).status).toBe(401);
  expect((await post("/e/guess2", event)).status).toBe(429);
  expect((await post("/v1/signals", {}, { authorization: "Bearer guess" })).status).toBe(429);
});

describe("behind a proxy", () => {
  const [CLIENT, OTHER] = ["203.0.113.9", "203.0.113.10"];
  /** The status of a request that a peer sends; the proxy has appended to what the client wrote. */
  async function statusOf(remoteAddress: string, forwarded: string): Promise<number> {
    const headers = { host: "localhost", "x-forwarded-for": forwarded };
    const { statusCode } = await server!.http.inject({ method: "GET", url: "/health", remoteAddress, headers });
    return statusCode;
  }

  test("that is trusted, the limit is each client's, who can't choose its address", async () => {
    const trustedProxies = readTrustedProxies(["10.0.0.0/8"])!;
    server = await testServer({ trustedProxies, limits: { requestsPerSecond: 1 } });
    expect(await statusOf("10.1.1.1", CLIENT)).toBe(200);
    expect(await statusOf("10.2.2.2", CLIENT)).toBe(429);
    for (const spoofed of ["1.2.3.4", OTHER, "10.3.3.3", "127.0.0.1", "unknown"])
      expect(await statusOf("10.1.1.1", `${spoofed}, ${CLIENT}`)).toBe(429);
    expect(await statusOf("10.1.1.1", `${CLIENT}, ${OTHER}`)).toBe(200);
    expect(await statusOf("10.1.1.1", "2001:db8::1")).toBe(200);
    expect(await statusOf("10.1.1.1", "2001:db8::2")).toBe(429);
  });

  test.each([
    ["none is trusted", undefined],
    ["another is trusted", readTrustedProxies(["192.0.2.7"])],
  ])("where %s, the limit is the peer's", async (_what, trustedProxies) => {
    server = await testServer({ ...given("trustedProxies", trustedProxies), limits: { requestsPerSecond: 1 } });
    expect(await statusOf("10.1.1.1", CLIENT)).toBe(200);
    expect(await statusOf("10.1.1.1", OTHER)).toBe(429);
    expect(await statusOf(CLIENT, OTHER)).toBe(200);
  });

  test("a request that fails is logged with its client", async () => {
    const lines: unknown[] = [];
    const logger = { ...silentLogger, error: (facts: unknown) => void lines.push(facts) };
    const routes: Routes[] = [(app) => void app.get("/fails", () => Promise.reject(new Error("oh")))];
    server = await testServer({ logger, routes, trustedProxies: readTrustedProxies(["10.0.0.0/8"])! });
    const headers = { "x-forwarded-for": `1.2.3.4, ${CLIENT}` };
    await server.http.inject({ method: "GET", url: "/fails", remoteAddress: "10.1.1.1", headers });
    expect(lines).toMatchObject([{ path: "/fails", client: CLIENT }]);
  });
});

test("without a limit, a client may send any number", async () => {
  server = await testServer();
  for (let sent = 0; sent < 50; sent++) expect((await server.get("/health")).status).toBe(200);
});
