/**
 * `traceparent` of requests that bring events: the span that sent them.
 *
 * I1  What is kept has the form of version 00 and is 55 characters long; what can't be read is as if it had not been sent.
 *
 * Source: https://www.w3.org/TR/trace-context/ 3.2; wire 2.3, 13.2.
 */
import type { FastifyRequest } from "fastify";
import { HEADER } from "@pawl/protocol";
import { given } from "../json.ts";

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a header says (I1); undefined for none that is valid. */
export function readTraceparent(header: unknown): string | undefined {
  const [, version, traceId, spanId, flags, more] = (typeof header === "string" ? TRACEPARENT.exec(header.trim()) : null) ?? [];
  // Later versions may say more.
  if (version === undefined || (version === "00" && more !== undefined)) return undefined;
  return `00-${traceId}-${spanId}-${flags}`;
}

/** The span that sent a request, as a member of an event. */
export function traceparentOf({ headers }: Pick<FastifyRequest, "headers">): { readonly traceparent?: string } {
  return given("traceparent", readTraceparent(headers[HEADER.traceparent]));
}

/** Trace and span of a `traceparent` that was kept. */
export function spanOf(traceparent: string): { readonly traceId: string; readonly spanId: string } {
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) };
}
