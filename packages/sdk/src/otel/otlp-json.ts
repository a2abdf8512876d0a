/**
 * Spans in the JSON of OTLP.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
 */

/** Seconds and nanoseconds. */
type Time = readonly [number, number];

/** What is read of a span that has ended; those of OpenTelemetry 1.x and 2.x have it. */
export interface EndedSpan {
  readonly name: string;
  /** One less than on the wire. */
  readonly kind: number;
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  /** 2.x */
  readonly parentSpanContext?: { readonly spanId: string } | undefined;
  /** 1.x */
  readonly parentSpanId?: string | undefined;
  readonly startTime: Time;
  readonly endTime: Time;
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2.x */
  readonly instrumentationScope?: { readonly name: string };
  /** 1.x */
  readonly instrumentationLibrary?: { readonly name: string };
}

type Value =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly Value[] } };

/** The body of an export. */
export function exportBody(spans: readonly EndedSpan[]): string {
  const byScope = new Map<string, EndedSpan[]>();
  for (const span of spans) byScope.set(scopeOf(span), [...(byScope.get(scopeOf(span)) ?? []), span]);
  const scopeSpans = [...byScope].map(([name, list]) => ({ scope: { name }, spans: list.map(spanJson) }));
  return JSON.stringify({ resourceSpans: [{ scopeSpans }] });
}

function scopeOf({ instrumentationScope, instrumentationLibrary }: EndedSpan): string {
  return (instrumentationScope ?? instrumentationLibrary)?.name ?? "";
}

function spanJson(span: EndedSpan): object {
  const { name, kind, status, startTime, endTime, attributes } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? span.parentSpanId ?? "",
    name,
    kind: kind + 1,
    startTimeUnixNano: nanoseconds(startTime),
    endTimeUnixNano: nanoseconds(endTime),
    attributes: Object.entries(attributes).flatMap(([key, value]) => {
      const known = valueOf(value);
      return known === undefined ? [] : [{ key, value: known }];
    }),
    status,
  };
}

function nanoseconds([seconds, rest]: Time): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(rest)));
}

function valueOf(value: unknown): Value | undefined {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (!Array.isArray(value)) return undefined;
  return { arrayValue: { values: value.map(valueOf).filter((element) => element !== undefined) } };
}
