/**
 * Sends events.
 *
 * I1  Repeating a request yields the same ids, because each carries a seed from which the server derives them.
 * I2  What doesn't fit its schema is not sent, and neither is anything sent with it.
 *
 * Source: wire-protocol 8.1, 8.5, 8.6, sdk 3.4.
 */
import { EVENTS_PER_REQUEST_MAX, HEADER, ULID_ENTROPY_BYTES } from "@pawl/protocol";
import { withRetries } from "../client/api.ts";
import type { Runtime } from "../client/runtime.ts";
import type { HttpReply, Transport } from "../client/transport.ts";
import type { EventTypes } from "./event-type.ts";

export type SendContext = {
  readonly runtime: Runtime;
  readonly transport: Transport;
  /** Address of the Event API with the key, `<base>/e/<key>`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly types: EventTypes;
  /** Last change of an event's data before it travels. */
  readonly sealData?: ((data: unknown) => unknown) | undefined;
};

type Sendable = { readonly name: string; readonly data?: unknown; readonly ts?: number; readonly validate?: () => Promise<void> };

/** Sends events and resolves to their ids, in order. Rejects with an error that says what the server found wrong. */
export async function sendEvents(context: SendContext, events: readonly Sendable[]): Promise<{ ids: string[] }> {
  if (events.length === 0) return { ids: [] };
  const now = context.runtime.now();
  await Promise.all(events.map((event, index) => checkEvent(event, { index, types: context.types })));
  const ids: string[] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_REQUEST_MAX) {
    const payloads = events
      .slice(start, start + EVENTS_PER_REQUEST_MAX)
      .map((event) => ({ data: {}, ts: now, ...withoutUndefined(event) }))
      .map((event) => (context.sealData === undefined ? event : { ...event, data: context.sealData(event.data) }));
    ids.push(...(await post(context, { body: JSON.stringify(payloads), now })));
  }
  return { ids };
}

async function checkEvent(event: Sendable, context: { readonly index: number; readonly types: EventTypes }): Promise<void> {
  if (typeof event !== "object" || event === null || typeof event.name !== "string" || event.name === "") {
    throw new TypeError(`send: event ${context.index} has no name. Expected { name, data }.`);
  }
  if (typeof event.validate === "function") return event.validate();
  await context.types.find((type) => type.name === event.name)?.check(event.data ?? {});
}

/** Explicit `undefined` must not replace a default. */
function withoutUndefined(event: Sendable): Record<string, unknown> {
  return Object.fromEntries(Object.entries(event).filter(([key, value]) => value !== undefined && key !== "validate"));
}

async function post(context: SendContext, request: { readonly body: string; readonly now: number }): Promise<readonly string[]> {
  const entropy = context.runtime.randomBytes(ULID_ENTROPY_BYTES);
  const seed = `${request.now},${btoa(String.fromCharCode(...entropy))}`;
  const headers = { ...context.headers, [HEADER.eventIdSeed]: seed };
  const reply = await withRetries(context.runtime, () =>
    context.transport({ method: "POST", url: context.url, headers, body: request.body }),
  );
  const answer = parseAnswer(reply);
  if (reply.status === 200 && answer.ids !== undefined) return answer.ids;
  throw new Error(
    `Events were not sent: ${explain(reply.status)} (HTTP ${reply.status}${answer.error === undefined ? "" : `: ${answer.error}`}).`,
  );
}

function parseAnswer(reply: HttpReply): { readonly ids?: string[]; readonly error?: string } {
  try {
    const { ids, error } = JSON.parse(reply.body) as { ids?: unknown; error?: unknown };
    return { ...(Array.isArray(ids) ? { ids: ids as string[] } : {}), ...(typeof error === "string" && error !== "" ? { error } : {}) };
  } catch {
    return reply.body === "" ? {} : { error: reply.body.slice(0, 500) };
  }
}

function explain(status: number): string {
  if (status === 400) return "the server found an event invalid";
  if (status === 401) return "the event key is unknown; set `eventKey` or PAWL_EVENT_KEY";
  if (status === 403) return "the server refuses this key or address";
  if (status === 404) return "there is no Event API at this address; check `baseUrl` or PAWL_BASE_URL";
  if (status === 413) return "an event, or all together, are too large";
  if (status >= 500) return "the server failed";
  return "the server gave an unexpected answer";
}
