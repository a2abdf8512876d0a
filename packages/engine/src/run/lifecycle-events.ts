/**
 * The events that tell of a run's end: `inngest/function.finished` always, and `.failed` or `.cancelled`.
 *
 * I1  Runs that were started by `function.finished` or `function.failed` make neither, and runs that were started by
 *     `function.cancelled` make no other, so that handlers can't feed themselves. (The protocol lets the last do so.)
 * I2  Bodies are canonical JSON, put together out of texts that are canonical already.
 * I3  Whoever invoked a function learns its end, also where no run came of it.
 *
 * Spec: wire 8.7; semantics 1.11, 8.2.
 */
import { canonicalJson, type ReasonCode, REASONS, SESSIONS_PER_EVENT_MAX } from "@pawl/protocol";
import type { DecideContext } from "../decision/decision.ts";
import { invocationOf } from "../event/invocation.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import type { EventRow } from "../event/event-row.ts";
import type { Draft, RunEnd } from "./draft.ts";
import type { RunRow } from "./run-row.ts";

export const FUNCTION_FINISHED = "inngest/function.finished";
export const FUNCTION_FAILED = "inngest/function.failed";
export const FUNCTION_CANCELLED = "inngest/function.cancelled";
export const FUNCTION_INVOKED = "inngest/function.invoked";

const STATUS_WORD = { COMPLETED: "Completed", FAILED: "Failed", CANCELLED: "Cancelled" } as const;

/** Events of a run that ends now. */
export function lifecycleEvents(draft: Draft, end: RunEnd): readonly EventRow[] {
  const { run, env } = draft;
  if (run.eventName === FUNCTION_FINISHED || run.eventName === FUNCTION_FAILED) return [];
  const { now, random } = env.ctx;
  const data = lifecycleData(draft, end);
  const events = correlationsOf(draft).map((correlationId) => {
    const id = random.ulid(now);
    return eventOf(draft, { name: FUNCTION_FINISHED, id, externalId: id, data: data(correlationId) });
  });
  const other = end.status === "FAILED" ? FUNCTION_FAILED : end.status === "CANCELLED" ? FUNCTION_CANCELLED : undefined;
  if (other !== undefined && other !== run.eventName)
    events.push(eventOf(draft, { name: other, id: random.ulid(now), externalId: run.id, data: data(run.correlationId) }));
  return events;
}

/** Who waits: nobody, one, or for a batch as many as invoked it. The first event tells of the end in any case. */
function correlationsOf({ run, state }: Draft): readonly (string | undefined)[] {
  // Who waits, waits for the first run of an event, not for one that people run again.
  if (run.eventIds.length < 2 || run.rerunOf !== undefined) return [run.correlationId];
  const invocations = state.events.filter((body) => body.includes(`"name":"${FUNCTION_INVOKED}"`));
  const waiting = invocations.flatMap((body) => invocationOf(JSON.parse(body) as ExpressionEvent).correlationId ?? []);
  return [undefined, ...waiting];
}

/** The event's `data` as canonical JSON, for one that waits. */
function lifecycleData({ run, state, env }: Draft, end: RunEnd): (correlationId: string | undefined) => string {
  const head = `{"_inngest":{"status":"${STATUS_WORD[end.status]}"}`;
  const tail: string[] = [];
  if (end.error !== undefined) tail.push(`"error":${canonicalJson(end.error)}`);
  tail.push(
    `"event":${state.events[0] ?? "{}"}`,
    `"events":[${state.events.join(",")}]`,
    `"function_id":${JSON.stringify(env.function.slug)}`,
  );
  if (end.output !== undefined) tail.push(`"result":${end.output}`);
  tail.push(`"run_id":${JSON.stringify(run.id)}`);
  return (correlationId) =>
    `${head}${correlationId === undefined ? "" : `,"correlation_id":${JSON.stringify(correlationId)}`},${tail.join(",")}}`;
}

/** A run that was asked for by another and that there will not be. */
export type Refusal = {
  readonly correlationId: string;
  readonly event: EventRow;
  /** Of the function that was asked for. */
  readonly slug: string;
  readonly reason: ReasonCode;
  /** The skipped run, where there is one. */
  readonly runId?: string;
};

/** Tells an invoker that there is no run, and why: its step fails. */
export function refusedEvent({ correlationId, event, slug, reason, runId = "" }: Refusal, { now, random }: DecideContext): EventRow {
  const id = random.ulid(now);
  const message = refusalMessage(reason, slug);
  const error = { error: message, message, name: reason === "function-unknown" ? "Error" : "InvokedFunctionSkippedError" };
  const data =
    `{"_inngest":{"reason":"${reason}","status":"Failed"},"correlation_id":${JSON.stringify(correlationId)},"error":${canonicalJson(error)},` +
    `"event":${event.body},"events":[${event.body}],"function_id":${JSON.stringify(slug)},"run_id":${JSON.stringify(runId)}}`;
  const body = `{"data":${data},"id":"${id}","name":"${FUNCTION_FINISHED}","ts":${now},"user":{}}`;
  return { id, externalId: id, name: FUNCTION_FINISHED, ts: now, receivedAt: now, body, isInternal: true, isProcessed: false };
}

/** The first two are the protocol's own words. */
function refusalMessage(reason: ReasonCode, slug: string): string {
  if (reason === "function-unknown") return `could not find function with ID: ${slug}`;
  if (reason === "rate-limit") return "invoked function is rate limited";
  return `The invoked function ${slug} was not run: ${REASONS[reason].replace(/^No run: /, "")}`;
}

/** A run's labels for an event that it makes: as many as one may have; of one key, the first. Undefined for none. */
export function sessionsForEvents({ sessions: pairs }: Pick<RunRow, "sessions">): Readonly<Record<string, string>> | undefined {
  if (pairs === undefined) return undefined;
  const sessions = new Map<string, string>();
  for (const [key, id] of JSON.parse(pairs) as readonly (readonly [string, string])[])
    if (sessions.size < SESSIONS_PER_EVENT_MAX && !sessions.has(key)) sessions.set(key, id);
  return Object.fromEntries(sessions);
}

function eventOf(
  { env, run }: Draft,
  { name, id, externalId, data }: { readonly name: string; readonly id: string; readonly externalId: string; readonly data: string },
): EventRow {
  const { now } = env.ctx;
  const sessions = sessionsForEvents(run);
  const meta = sessions === undefined ? "" : `"meta":{"sessions":${canonicalJson(sessions)}},`;
  const body = `{"data":${data},"id":${JSON.stringify(externalId)},${meta}"name":${JSON.stringify(name)},"ts":${now},"user":{}}`;
  return { id, externalId, name, ts: now, receivedAt: now, body, isInternal: true, isProcessed: false };
}
