/**
 * What one request, and one client, may take of the server's time and memory.
 *
 * I1  Nothing that a client withholds keeps a connection for ever: neither headers nor a body.
 *
 * The sizes of bodies stand at their routes. Operators read of all in docs/operations.md, "Limits of requests".
 */

import type { Server, ServerOptions } from "node:http";
import { answerClientError } from "./client-errors.ts";

export type HttpLimits = {
  /** Time in which a request's headers must have arrived, milliseconds. */
  readonly headersMs: number;
  /** Time from its headers in which a body must have arrived whole, milliseconds; streams are excepted (slow-body.ts). */
  readonly bodyMs: number;
  /** Bytes of a request's headers with its address. */
  readonly headerBytes: number;
  readonly connections: number;
  /** How long a connection without a request is kept, milliseconds: longer than load balancers keep theirs (60 s), so that they end it. */
  readonly idleMs: number;
  /** Requests that one client may send in a second; absent: any number. */
  readonly requestsPerSecond?: number;
};

export const HTTP_LIMITS: HttpLimits = {
  // Even a request whose headers fill all their room has them in three packets.
  headersMs: 30_000,
  // The largest body, 64 MiB of events, needs 9 Mbit/s.
  bodyMs: 60_000,
  headerBytes: 16 * 1_024,
  // Some 10 kB each where they are idle.
  connections: 10_000,
  idleMs: 72_000,
};

/** Node's options for the limits of requests' heads. */
export function headOptionsOf({ headersMs, headerBytes }: HttpLimits): Pick<ServerOptions, HeadOption> {
  return {
    headersTimeout: headersMs,
    maxHeaderSize: headerBytes,
    connectionsCheckingInterval: Math.min(headersMs / 2, 30_000),
  };
}

type HeadOption = "headersTimeout" | "maxHeaderSize" | "connectionsCheckingInterval";

/** Limits the connections of a server, and has what is no request of it answered. */
export function limitConnections(server: Server, { connections }: HttpLimits): void {
  server.maxConnections = connections;
  server.on("clientError", answerClientError);
}
