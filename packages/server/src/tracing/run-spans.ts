/**
 * A run that has ended as spans of OpenTelemetry: one for the run, below it one for each step, below that one for each attempt
 * where there was more than one, or it failed.
 *
 * I1  The same run gives the same spans, with the same ids: exporting it twice adds nothing.
 * I2  Every span but the run's has its parent among them, and no two have the same id.
 * I3  The run is linked to what caused it: the spans that sent its events, the step that invoked it, the run that it repeats.
 *
 * Spec: wire 13.2, 13.3; semantics 11.6.
 */
import type { AttemptRow, FunctionRow, RunRow, StepRow } from "@pawl/engine";
import type { RunDetail } from "@pawl/store";
import { errorOf, parseError, parseJson } from "../http/ui/stored-json.ts";
import { attemptSpanId, repeatedSpanId, runIds, stepSpanId } from "./span-ids.ts";
import { spanOf } from "./traceparent.ts";

/** OTLP's JSON. */
export type ExportedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 5 consumer. */
  readonly kind: 1 | 5;
  /** Nanoseconds since the epoch, decimal. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly ExportedAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: 1 | 2; readonly message?: string };
};

export type ExportedAttribute = { readonly key: string; readonly value: { readonly stringValue: string } | { readonly intValue: string } };

/** The functions and apps that a run's row names by their ids. */
export type Names = {
  readonly functionById: (id: string) => Pick<FunctionRow, "slug"> | undefined;
  readonly appById: (id: string) => { readonly name: string } | undefined;
};

/** Steps of a run that are exported; of more, those that began first. */
const STEPS_MAX = 2_000;
const MESSAGE_CHARACTERS_MAX = 1_000;
/** Of one span: the number that OpenTelemetry's libraries keep. */
const LINKS_MAX = 128;

/** What is read of a run. */
export type ExportedRun = Pick<RunDetail, "run" | "steps" | "attempts" | "events">;

/** Spans of a run that has ended (I1, I2). */
export function exportedSpans({ run, steps, attempts, events }: ExportedRun, names: Names): readonly ExportedSpan[] {
  const { traceId, spanId } = runIds(run.id);
  const place: Place = { traceId, parentSpanId: spanId, endedAt: run.endedAt ?? run.queuedAt };
  const rowsOf = Map.groupBy(attempts, ({ stepId }) => stepId);
  return [
    { ...runSpan(run, { traceId, spanId, names }), links: linksOf(run, events) },
    ...failedAttempts(rowsOf.get("function") ?? [], { ...place, scope: "function" }),
    ...steps.slice(0, STEPS_MAX).flatMap((step) => stepSpans(step, { place, rows: rowsOf.get(step.id) ?? [] })),
  ];
}

type Place = { readonly traceId: string; readonly parentSpanId: string; readonly endedAt: number };

const OK = 1;
const ERROR = 2;

function runSpan(
  run: RunRow,
  { traceId, spanId, names }: { readonly traceId: string; readonly spanId: string; readonly names: Names },
): ExportedSpan {
  const slug = names.functionById(run.functionId)?.slug ?? run.functionId;
  const { queuedAt, startedAt = queuedAt, endedAt = queuedAt, rerunOf, cron } = run;
  return {
    traceId,
    spanId,
    name: slug,
    kind: 5,
    ...timesOf(queuedAt, endedAt),
    attributes: attributesOf({
      "pawl.run.id": run.id,
      "pawl.function": slug,
      "pawl.function.version": run.functionVersion,
      "pawl.app": names.appById(run.appId)?.name ?? run.appId,
      "pawl.status": run.status,
      "pawl.event.name": run.eventName,
      "pawl.event.ids": run.eventIds.join(","),
      "pawl.queue_ms": Math.max(0, startedAt - queuedAt),
      "pawl.cron": cron,
      "pawl.rerun_of": rerunOf,
    }),
    status: run.status === "FAILED" ? failure(run.error) : run.status === "COMPLETED" ? { code: OK } : {},
  };
}

type Link = NonNullable<ExportedSpan["links"]>[number];

/** Keeps I3. Each span once: one may have sent several events. */
function linksOf({ correlationId, rerunOf }: RunRow, events: RunDetail["events"]): readonly Link[] {
  const [parentRun, parentStep] = correlationId?.split(".") ?? [];
  const links: readonly Link[] = [
    ...(parentRun === undefined || parentStep === undefined
      ? []
      : [{ traceId: runIds(parentRun).traceId, spanId: stepSpanId(parentStep) }]),
    ...(rerunOf === undefined ? [] : [runIds(rerunOf)]),
    ...events.flatMap(({ traceparent }) => (traceparent === undefined ? [] : [spanOf(traceparent)])),
  ];
  return [...new Map(links.map((link) => [`${link.traceId}-${link.spanId}`, link])).values()].slice(0, LINKS_MAX);
}

type StepPlace = { readonly place: Place; readonly rows: readonly AttemptRow[] };

function stepSpans(step: StepRow, { place, rows }: StepPlace): readonly ExportedSpan[] {
  const { id, runId, kind, name, status, queuedAt, userlandId, targetRunId, matchedEventId } = step;
  const endedAt = step.endedAt ?? place.endedAt;
  const spanId = stepSpanId(id);
  const span: ExportedSpan = {
    traceId: place.traceId,
    spanId,
    parentSpanId: place.parentSpanId,
    name,
    kind: 1,
    ...timesOf(rows[0]?.startedAt ?? step.startedAt ?? queuedAt, endedAt),
    attributes: attributesOf({
      "pawl.run.id": runId,
      "pawl.step.id": userlandId ?? name,
      "pawl.step.kind": kind,
      "pawl.step.status": status,
      "pawl.step.attempts": step.attempt + 1,
      "pawl.invoked.run.id": targetRunId,
      "pawl.matched.event.id": matchedEventId,
    }),
    status: stepStatus(step),
  };
  const below = { ...place, parentSpanId: spanId, scope: id };
  return [span, ...failedAttempts(rows, below), ...lastAttempt(step, { place: below, rows })];
}

/** The attempt that did the step, where it was not the first; it is stored with the step. */
function lastAttempt(
  step: StepRow,
  { place, rows }: { readonly place: AttemptPlace; readonly rows: readonly AttemptRow[] },
): readonly ExportedSpan[] {
  const { attempt, status, startedAt, endedAt } = step;
  if (status !== "completed" || startedAt === undefined || endedAt === undefined || rows.length === 0) return [];
  // Attempts begin anew where code was changed.
  if (rows.some((row) => row.attempt === attempt)) return [];
  return [{ ...attemptSpan({ attempt, startedAt, endedAt }, place), status: { code: OK } }];
}

function stepStatus({ status, result = "null" }: StepRow): ExportedSpan["status"] {
  if (status === "completed") return { code: OK };
  if (status !== "failed") return {};
  const parsed = parseJson(result) as { readonly error?: unknown } | null | undefined;
  return { code: ERROR, message: errorOf(parsed?.error).message.slice(0, MESSAGE_CHARACTERS_MAX) };
}

/** `scope`: the step's hash, or `function`. */
type AttemptPlace = Place & { readonly scope: string };

/** Calls that failed. The run's own code has attempts of the same number after each step. */
function failedAttempts(rows: readonly AttemptRow[], place: AttemptPlace): readonly ExportedSpan[] {
  const times = new Map<number, number>();
  return rows.map((row) => {
    const before = times.get(row.attempt) ?? 0;
    times.set(row.attempt, before + 1);
    const span = { ...attemptSpan(row, place), status: failure(row.error) };
    return before === 0 ? span : { ...span, spanId: repeatedSpanId(`${place.scope}:${row.attempt}`, before) };
  });
}

type Attempt = Pick<AttemptRow, "attempt" | "startedAt" | "endedAt" | "httpStatus">;

function attemptSpan({ attempt, startedAt, endedAt, httpStatus }: Attempt, place: AttemptPlace): Omit<ExportedSpan, "status"> {
  return {
    traceId: place.traceId,
    spanId: attemptSpanId(place.scope, attempt),
    parentSpanId: place.parentSpanId,
    name: `attempt ${attempt}`,
    kind: 1,
    ...timesOf(startedAt, endedAt),
    attributes: attributesOf({ "pawl.attempt": attempt, "http.response.status_code": httpStatus }),
  };
}

function failure(error: string | undefined): ExportedSpan["status"] {
  if (error === undefined) return { code: ERROR };
  const { name, message } = parseError(error);
  return { code: ERROR, message: `${name}: ${message}`.slice(0, MESSAGE_CHARACTERS_MAX) };
}

/** A clock that was set back must not make a span end before it began. */
function timesOf(from: number, to: number): Pick<ExportedSpan, "startTimeUnixNano" | "endTimeUnixNano"> {
  return { startTimeUnixNano: nanoseconds(from), endTimeUnixNano: nanoseconds(Math.max(from, to)) };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function attributesOf(values: Readonly<Record<string, string | number | undefined>>): readonly ExportedAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined || value === "") return [];
    return [{ key, value: typeof value === "number" ? { intValue: String(Math.round(value)) } : { stringValue: value } }];
  });
}
