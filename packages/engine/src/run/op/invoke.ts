/**
 * `InvokeFunction`: an event for the other function, and a pause that its end resumes.
 *
 * I1  Pause, time-out and event commit together, so no result can come before somebody waits for it.
 *
 * Spec: wire 6.12, 8.7; semantics 5.4.
 */
import { canonicalJson, EVENT_TS_MAX, EVENT_TS_MIN, WAIT_MS_DEFAULT, WAIT_MS_MAX, type WireOp } from "@pawl/protocol";
import type { EventRow } from "../../event/event-row.ts";
import { mergeSessions } from "../../event/sessions.ts";
import { type Draft, failRun, stepOf } from "../draft.ts";
import { FUNCTION_INVOKED } from "../lifecycle-events.ts";
import { optionText } from "./op-step.ts";
import { addPause, addWaitingStep, badTimeout, timeoutAt } from "./wait.ts";
import { isRecord, recordOf } from "../../json.ts";

/** Invokes a function and waits for its end. A payload that is no object counts as empty. */
export function invokeFunction(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const target = optionText(op, "function_id");
  const timeout = op.opts?.["timeout"] ?? "";
  const { random, now } = draft.env.ctx;
  const expiresAt = timeout === "" ? now + WAIT_MS_DEFAULT : timeoutAt(timeout, now);
  if (target === undefined || expiresAt === undefined) return failRun(draft, badOptions(op));
  if (expiresAt - now > WAIT_MS_MAX) return failRun(draft, badTimeout("invoke", timeout));
  const correlationId = `${draft.run.id}.${op.id}`;
  const step = addWaitingStep(draft, op, { kind: "invoke", expiresAt });
  addPause(draft, step, { kind: "invoke", correlationId, expiresAt });
  const { run } = draft;
  const source = { appId: run.appId, functionId: run.functionId, functionVersion: run.functionVersion };
  const invocation = { target, payload: payloadOf(op), correlationId, source, expire: expiresAt, name: step.name };
  draft.changes.push({ kind: "insert-event", event: invokedEvent(invocation, { id: random.ulid(now), now }) });
}

export type Invocation = {
  /** Slug or UUID of the function. */
  readonly target: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly correlationId?: string;
  readonly source?: { readonly appId: string; readonly functionId: string; readonly functionVersion: number };
  /** Of one that was asked for by API v2: the hash of its idempotency key, where it has one. */
  readonly api?: { readonly keyHash?: string };
  /** Deadline, milliseconds since the epoch; 0 for none. */
  readonly expire: number;
  /** Name of the step, for people. */
  readonly name: string;
};

/** The event that starts one function. */
export function invokedEvent(invocation: Invocation, { id, now }: { readonly id: string; readonly now: number }): EventRow {
  const { payload, source, api } = invocation;
  const ts = isEventTime(payload["ts"]) ? payload["ts"] : now;
  const externalId = typeof payload["id"] === "string" && payload["id"] !== "" ? payload["id"] : id;
  const data = {
    ...recordOf(payload["data"]),
    _inngest: {
      fn_id: invocation.target,
      ...(invocation.correlationId === undefined ? {} : { correlation_id: invocation.correlationId }),
      ...(api === undefined ? {} : { type: "api" }),
      ...(api?.keyHash === undefined ? {} : { invoke_idempotency: api.keyHash }),
      source_app_id: source?.appId ?? "",
      source_fn_id: source?.functionId ?? "",
      source_fn_v: source?.functionVersion ?? 0,
      expire: invocation.expire,
      gid: "",
      name: invocation.name,
    },
  };
  // Labels that break a rule are no reason not to invoke.
  const sessions = mergeSessions(payload["meta"]);
  const extras = {
    ...(typeof payload["v"] === "string" ? { v: payload["v"] } : {}),
    ...(isRecord(sessions) ? { meta: { sessions } } : {}),
  };
  const body = canonicalJson({ name: FUNCTION_INVOKED, data, id: externalId, ts, user: recordOf(payload["user"]), ...extras });
  return { id, externalId, name: FUNCTION_INVOKED, ts, receivedAt: now, body, isInternal: true, isProcessed: false };
}

/** Whether a value may be the time of an event, milliseconds since the epoch. */
export function isEventTime(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= EVENT_TS_MIN && value <= EVENT_TS_MAX;
}

function payloadOf(op: WireOp): Readonly<Record<string, unknown>> {
  return recordOf(op.opts?.["payload"]);
}

function badOptions(op: WireOp): Parameters<typeof failRun>[1] {
  const message = `The invoke step ${op.displayName ?? op.id} needs a function_id and, if set, a timeout that is a duration or a date; got ${canonicalJson(op.opts ?? {}).slice(0, 200)}.`;
  return { error: "invalid invoke options", name: "Error", message };
}
