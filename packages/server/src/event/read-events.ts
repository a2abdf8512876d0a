/**
 * The body of an event request, read and checked.
 *
 * I1  Total: whatever the bytes, the result is the good events before the first problem, and the problem.
 *
 * Spec: wire 8.1–8.5; semantics 1.2–1.7.
 */
import { mergeSessions } from "@pawl/engine";
import {
  EVENT_BYTES_MAX,
  EVENT_TS_MAX,
  EVENT_TS_MIN,
  EVENTS_PER_REQUEST_MAX,
  isTooDeepJson,
  JSON_DEPTH_MAX,
  seededUlid,
  ULID_TIME_MAX,
} from "@pawl/protocol";
import type { NewEvent } from "../core/ingest.ts";
import { isRecord } from "../json.ts";

/** Elements of the request's array, or the one object; `problem` where there is neither. */
export type RawEvents = { readonly elements: readonly unknown[]; readonly bytes: number; readonly problem?: string };

export type CheckedEvents = { readonly events: readonly NewEvent[]; readonly problem?: string };

export type Seed = { readonly ms: number; readonly entropy: Uint8Array };

const NOT_EVENTS = "Request body must contain an event object or an array of event objects";

/** Parses a body. */
export function readEvents(body: Buffer): RawEvents {
  const bytes = body.length;
  if (bytes === 0) return { elements: [], bytes };
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    return { elements: [], bytes, problem: `${NOT_EVENTS}; it isn't JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (Array.isArray(value)) {
    if (value.length > EVENTS_PER_REQUEST_MAX)
      return {
        elements: [],
        bytes,
        problem: `Cannot have more than ${EVENTS_PER_REQUEST_MAX} events in a batch; this one has ${value.length}`,
      };
    return { elements: value, bytes };
  }
  if (typeof value !== "object" || value === null) return { elements: [], bytes, problem: NOT_EVENTS };
  return { elements: [value], bytes };
}

/** What a request says about all of its events. */
export type EventSource = {
  /** With a seed, the same request gives the same internal ids. */
  readonly seed?: Seed | undefined;
  /** The span that sent them. */
  readonly traceparent?: string;
};

/** Checks events in order, up to the first bad one. */
export function checkEvents(raw: RawEvents, { seed, traceparent }: EventSource = {}): CheckedEvents {
  const events: NewEvent[] = [];
  for (const [index, element] of raw.elements.entries()) {
    const event = checkEvent(element, raw);
    if (typeof event === "string") return { events, problem: raw.elements.length === 1 ? event : `${event} (event ${index})` };
    const traced = traceparent === undefined ? event : { ...event, traceparent };
    events.push(seed === undefined ? traced : { ...traced, internalId: seededUlid({ ...seed, index: index + 1 }) });
  }
  return raw.problem === undefined ? { events } : { events, problem: raw.problem };
}

/** The seed header `<ms>,<base64 of 10 bytes>`; what can't be read is ignored. */
export function parseSeed(header: string | undefined): Seed | undefined {
  const [msText = "", base64 = "", ...rest] = header?.split(",") ?? [];
  const ms = Number(msText);
  if (rest.length > 0 || !Number.isInteger(ms) || ms <= 0 || ms > ULID_TIME_MAX || base64 === "") return undefined;
  const entropy = Buffer.from(base64, "base64");
  return entropy.length === 10 ? { ms, entropy } : undefined;
}

function checkEvent(element: unknown, { elements, bytes }: RawEvents): NewEvent | string {
  if (!isRecord(element)) return NOT_EVENTS;
  if (isTooDeepJson(element, bytes)) return `event is nested more than ${JSON_DEPTH_MAX} levels deep`;
  const { name, data, id, ts, v, user, meta } = element;
  if (typeof name !== "string" || name === "")
    return name === undefined || name === null || name === "" ? "event name is empty" : `event name must be a string, got ${typeof name}`;
  if (name.toLowerCase().startsWith("inngest/")) return `event name is reserved for internal use: ${name}`;
  const wrong = wrongType(element);
  if (wrong !== undefined) return wrong;
  const size = elements.length === 1 ? bytes : bytes <= EVENT_BYTES_MAX ? 0 : Buffer.byteLength(JSON.stringify(element));
  if (size > EVENT_BYTES_MAX) return `Event is over the max size: Max ${EVENT_BYTES_MAX} bytes / Size ${size} bytes`;
  const sessions = mergeSessions(meta);
  if (typeof sessions === "string") return sessions;
  return {
    name,
    data: withoutReserved(isRecord(data) ? data : {}),
    ...(typeof id === "string" && id !== "" ? { id } : {}),
    ...(typeof ts === "number" && ts !== 0 ? { ts } : {}),
    ...(isRecord(user) ? { user } : {}),
    ...(typeof v === "string" && v !== "" ? { v } : {}),
    ...(sessions === undefined ? {} : { meta: { sessions } }),
  };
}

function wrongType({ data, id, ts, v, user }: Readonly<Record<string, unknown>>): string | undefined {
  if (data !== undefined && data !== null && !isRecord(data)) return `event data must be an object, got ${kindOf(data)}`;
  if (id !== undefined && id !== null && typeof id !== "string") return `event id must be a string, got ${kindOf(id)}`;
  if (v !== undefined && v !== null && typeof v !== "string") return `event v must be a string, got ${kindOf(v)}`;
  if (user !== undefined && user !== null && !isRecord(user)) return `event user must be an object, got ${kindOf(user)}`;
  if (ts === undefined || ts === null || ts === 0) return undefined;
  if (typeof ts !== "number" || !Number.isInteger(ts)) return `event ts must be an integer of milliseconds since 1970, got ${kindOf(ts)}`;
  if (ts < EVENT_TS_MIN) return "timestamp is before Jan 1, 1980";
  return ts > EVENT_TS_MAX ? "timestamp is after Jan 1, 2100" : undefined;
}

/** Users can't forge what the server itself notes in events. */
function withoutReserved(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!("_inngest" in data)) return data;
  const { _inngest, ...rest } = data;
  return rest;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
