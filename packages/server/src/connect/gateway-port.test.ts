/** The port for workers alone: what it takes of whoever reaches it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dial, hangUp } from "../http/dial.fixture.ts";
import type { HttpLimits } from "../http/limits.ts";
import { ConnectWorld } from "./connect.fixture.ts";
import { type GatewayPort, openGatewayPort } from "./gateway-port.ts";

let world: ConnectWorld;
let gateway: GatewayPort | undefined;

beforeEach(() => {
  world = new ConnectWorld();
});
afterEach(async () => {
  hangUp();
  world.connect.close();
  await gateway?.close();
  gateway = undefined;
});

async function open(limits: Partial<HttpLimits> = {}): Promise<number> {
  gateway = await openGatewayPort(world.connect, { host: "127.0.0.1", port: 0, limits });
  return gateway.port;
}

const UPGRADE =
  "GET /v0/connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: v0.connect.inngest.com\r\n";

function partsOf(received: string): { readonly status: string; readonly body: unknown } {
  const [head = "", body = ""] = received.split("\r\n\r\n");
  return { status: head.split(" ")[1] ?? "", body: JSON.parse(body) };
}

describe("the port for workers", () => {
  test.each([
    ["a request", "GET /ready HTTP/1.1\r\nHost: local"],
    ["a handshake", UPGRADE],
    ["nothing but a connection", ""],
  ])("%s whose headers do not come is answered with 408", async (_what, head) => {
    const { socket, received } = await dial(await open({ headersMs: 20 }));
    socket.write(head);
    expect(partsOf(await received)).toMatchObject({ status: "408", body: { code: "request_timeout", hint: expect.any(String) } });
  });

  test.each([
    ["a request", "GET /ready HTTP/1.1\r\nHost: localhost\r\n"],
    ["a handshake", UPGRADE],
  ])("%s with headers that are too large is answered with 431", async (_what, head) => {
    const { socket, received } = await dial(await open());
    socket.write(`${head}X-Long: ${"a".repeat(17_000)}\r\n\r\n`);
    expect(partsOf(await received)).toMatchObject({ status: "431", body: { code: "headers_too_large" } });
  });

  test("what is no HTTP is answered with 400", async () => {
    const { socket, received } = await dial(await open());
    socket.write("\u0000\u0001 garbage\r\n\r\n");
    expect(partsOf(await received)).toMatchObject({ status: "400", body: { code: "malformed_request" } });
  });

  test.each(["Content-Length: 100", "Transfer-Encoding: chunked"])("a request with a body (%s) is answered and cut off", async (header) => {
    const { socket, received } = await dial(await open());
    socket.write(`POST /ready HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`);
    expect(await received).toMatch(/^HTTP\/1\.1 200 [^]*connection: close\r\n/i);
  });

  test("connections beyond the limit are not taken", async () => {
    const port = await open({ connections: 1 });
    await dial(port);
    expect(await (await dial(port)).received).toBe("");
  });

  test("a connection on which no request comes any more is closed", async () => {
    const { socket, received } = await dial(await open({ idleMs: 1 }));
    socket.write("GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await received).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("another address is answered with where to go", async () => {
    const answer = await fetch(`http://127.0.0.1:${String(await open())}/v1/events`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "not_found", error: expect.stringContaining("for workers") }]);
  });
});
