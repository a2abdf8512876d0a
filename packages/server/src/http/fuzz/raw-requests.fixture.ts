/** Bytes for a socket: requests whose head is odd, requests to upgrade, frames that are none. */
import { once } from "node:events";
import { connect } from "node:net";
import * as fc from "fast-check";
import { within } from "./exchange.fixture.ts";
import type { FuzzServer } from "./fuzz-server.fixture.ts";

const PATHS = ["/", "/e/k", "/v0/connect", "/v1/realtime/connect", "/v1/realtime/connect?token=a.b.c", "/v0/gql", "/../../etc/passwd"];
const ODD_PATHS = [
  "",
  "*",
  "http://other/v0/connect",
  "//",
  "/%",
  "/%00",
  "/%ff%fe",
  "/e/%2e%2e%2f",
  "/\u00e9",
  `/${"a".repeat(5_000)}`,
  "/v0/connect?%",
];

const LINES = [
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Upgrade: websocket\r\nConnection: Upgrade",
  "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA",
  "Sec-WebSocket-Protocol: v0.connect.inngest.com",
  "Sec-WebSocket-Protocol: ,,\u00ff",
  "Sec-WebSocket-Version: 99",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99",
  "Sec-WebSocket-Key: short",
  "Authorization: Bearer x",
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: 5\r\nContent-Length: 6",
  "Content-Length: 99999999999999999999",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 3",
  "Transfer-Encoding: gzip, chunked",
  "Expect: 100-continue",
  "Expect: 200-ok",
  "Host: localhost",
  "Host: evil.example\r\nHost: localhost",
  "Content-Type: application/json",
  "no colon",
  ": no name",
  "X: a\r\n folded",
  `X-Long: ${"a".repeat(20_000)}`,
];

const TAILS = [
  "",
  '5\r\n{"a":\r\n0\r\n\r\n',
  "zz\r\n",
  "hello",
  "\u0082\u0085\u0000\u0000\u0000\u0000hello",
  "\u0088\u0080\u0000\u0000\u0000\u0000",
  "\u0082\u00ff\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
  "\u00c1\u0081\u0000\u0000\u0000\u0000a",
  "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
];

/** One connection's bytes, as Latin-1. */
export const rawRequests: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        method: fc.constantFrom("GET", "GET", "GET", "POST", "PUT", "BREW", "CONNECT", "get", ""),
        path: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PATHS) }, fc.constantFrom(...ODD_PATHS)),
        version: fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9"),
        lines: fc.subarray(LINES, { maxLength: 5 }),
        tail: fc.oneof(fc.constantFrom(...TAILS), fc.string({ unit: "binary-ascii", maxLength: 60 })),
      })
      .map(({ method, path, version, lines, tail }) => `${[`${method} ${path} ${version}`, ...lines].join("\r\n")}\r\n\r\n${tail}`),
  },
  fc.string({ unit: "binary-ascii", maxLength: 200 }),
);

/** Sends bytes, ends, and gives back what came until the connection was closed. */
export async function sendRaw({ server: { http, clock } }: FuzzServer, bytes: string): Promise<string> {
  const address = http.server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server does not listen.");
  const socket = connect(address.port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // A connection that is cut off has its answer, or none.
  socket.on("error", () => socket.destroy());
  const closed = once(socket, "close");
  socket.end(Buffer.from(bytes, "latin1"));
  await within(clock, closed);
  return Buffer.concat(chunks).toString("latin1");
}
