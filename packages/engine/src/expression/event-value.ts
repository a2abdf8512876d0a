/**
 * Events as expressions see them.
 *
 * I1  `event.data` and `event.user` are always maps; `event.v` and `event.meta.sessions` are there only when set.
 *
 * Spec: semantics 1.3, 2.4.
 */
import type { Value, ValueMap } from "./value.ts";

/** An event to evaluate over: plain JSON. Further properties are not visible to expressions. */
export type ExpressionEvent = {
  readonly name: string;
  /** A JSON object; absent and null count as `{}`. */
  readonly data?: unknown;
  /** A JSON object; absent and null count as `{}`. */
  readonly user?: unknown;
  /** The sender's id. */
  readonly id?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly ts?: number | undefined;
  readonly v?: string | null | undefined;
  /** Only `sessions` is visible. */
  readonly meta?: unknown;
};

/** The value of `event` or `async` for an event. */
export function eventValue(event: ExpressionEvent): ValueMap {
  const sessions = sessionsOf(event.meta);
  return {
    name: event.name,
    data: jsonValue(event.data ?? {}),
    user: jsonValue(event.user ?? {}),
    ...(event.id === undefined ? {} : { id: event.id }),
    ...(event.ts === undefined ? {} : { ts: event.ts }),
    ...(event.v === undefined || event.v === null ? {} : { v: event.v }),
    ...(sessions === undefined ? {} : { meta: { sessions } }),
  };
}

function sessionsOf(meta: unknown): Value | undefined {
  if (typeof meta !== "object" || meta === null || !("sessions" in meta)) return undefined;
  return meta.sessions === undefined || meta.sessions === null ? undefined : jsonValue(meta.sessions);
}

/** Events are JSON by contract: they were parsed from it, or are stored as it. */
function jsonValue(json: unknown): Value {
  return json as Value;
}
