/**
 * Spans of users' code, as their tracing reported them.
 *
 * I1  What one request brought for one run is one row; the same request sent again is the same row. A span that comes in several rows is
 *     the newest of them.
 *
 * Spec: wire 13.2.
 */
export type UserSpan = {
  /** 16 hex digits. */
  readonly id: string;
  /** The span that it is part of: another user's span, or the call that it belongs to. */
  readonly parentId?: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  /** Hash of the step in which it was made, where the SDK said so. */
  readonly stepId?: string;
  /** Milliseconds since the epoch, with a fraction. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage?: string;
  /** Name of the library that made it. */
  readonly scope?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
};

export type SpanBatchRow = {
  readonly runId: string;
  /** Hash of what was sent. */
  readonly id: string;
  /** JSON text of a list of `UserSpan`. */
  readonly spans: string;
  readonly receivedAt: number;
};

/** The spans of rows, which are in the order of their receipt: each once, by their start. */
export function userSpansOf(rows: readonly SpanBatchRow[]): readonly UserSpan[] {
  const spans = new Map<string, UserSpan>();
  for (const row of rows) for (const span of JSON.parse(row.spans) as readonly UserSpan[]) spans.set(span.id, span);
  return [...spans.values()].sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}
