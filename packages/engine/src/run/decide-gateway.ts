/**
 * What follows when the request that the server made for a step has ended.
 *
 * I1  Any HTTP answer is the result of a fetch; of an AI request, only a successful one.
 * I2  A failure is tried again with the item's own attempts and delays, as a failed call is, and an answer's `Retry-After` counts; the
 *     function's code is not called meanwhile. What can only fail again (an answer too large, an address that is refused) is not tried.
 *
 * Spec: wire 6.13, 6.14; semantics 5.6, 5.7.
 */
import { canonicalJson, isOverBytes, isTooDeep, STEP_OUTPUT_BYTES_MAX, utf8Bytes } from "@pawl/protocol";
import type { Decision } from "../decision/decision.ts";
import { aiUsageOf } from "../gateway/ai-usage.ts";
import type { ItemRow } from "../queue/item-row.ts";
import { decideRetry } from "../queue/retry.ts";
import type { RetryPolicy } from "../registration/function-definition.ts";
import { retriesOfStep } from "../registration/parse-retry.ts";
import { errorLine } from "../reply/function-error.ts";
import { parseRetryAfterMs } from "../reply/retry-after.ts";
import { isFinished, type StepRow } from "../step/step-row.ts";
import { type Draft, decisionOf, draftOf, finishStep, isEnded, putStep, type RunEnvironment, stepOf } from "./draft.ts";
import { metadataRow } from "./metadata.ts";
import type { RunState } from "./run-state.ts";

/** How a request ended. */
export type GatewayOutcome =
  | {
      readonly kind: "response";
      /** Where it came from, after redirects. */
      readonly url: string;
      readonly status: number;
      /** Names in lower case; several values joined by a comma. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: "failure"; readonly message: string; readonly isRetryable: boolean };

export type GatewayInput = {
  readonly item: ItemRow;
  readonly generation: number;
  readonly outcome: GatewayOutcome;
  readonly startedAt: number;
  /** The server's constant retry delay, where one is set. */
  readonly retryIntervalMs?: number;
};

/** Decides what follows; on a run or step that has ended it only drops the item. */
export function decideGateway(state: RunState, input: GatewayInput, env: RunEnvironment): Decision {
  const { item, generation } = input;
  const draft = draftOf(state, env);
  draft.guards.push({ kind: "item-leased", itemId: item.id, generation });
  const step = item.stepId === undefined ? undefined : stepOf(draft, item.stepId);
  if (isEnded(draft) || step === undefined || isFinished(step))
    return { guards: draft.guards, changes: [{ kind: "delete-item", itemId: item.id }], trace: [] };
  const result = resultOf(step, input.outcome, env.ctx.now);
  if ("data" in result) {
    finishStep(draft, step, { status: "completed", result: `{"data":${result.data}}`, startedAt: input.startedAt, attempt: item.attempt });
    noteUsage(draft, step, input.outcome);
    return decisionOf(draft, { id: item.id, keep: false });
  }
  return decisionOf(draft, { id: item.id, keep: retryOrFail(draft, { step, input, failure: result }) });
}

type Failure = {
  readonly message: string;
  readonly isRetryable: boolean;
  readonly retryAfterMs?: number;
  /** Of an AI provider that has refused. */
  readonly refusal?: { readonly status: number; readonly answer?: unknown; readonly text: string };
};

function resultOf(step: StepRow, outcome: GatewayOutcome, now: number): { readonly data: string } | Failure {
  const isAi = step.kind === "ai-gateway";
  if (outcome.kind === "failure") {
    const what = isAi ? "Error making AI request" : "Error making gateway request";
    return { message: `${what}: ${outcome.message}`, isRetryable: outcome.isRetryable };
  }
  const { status, headers, body, url } = outcome;
  const answer = isAi ? parseJson(body) : undefined;
  if (!isAi || status <= 299) {
    const data = canonicalJson(isAi ? answer : { url, headers, body, status_code: status });
    if (!isOverBytes(data, STEP_OUTPUT_BYTES_MAX)) return { data };
    return {
      message: `The answer has ${String(utf8Bytes(data))} bytes; at most ${String(STEP_OUTPUT_BYTES_MAX)} can be stored.`,
      isRetryable: false,
    };
  }
  const message = `Error making AI request: unsuccessful status code: ${String(status)}`;
  const after = parseRetryAfterMs(headers["retry-after"], now);
  return {
    message,
    isRetryable: true,
    refusal: { status, ...shortened(answer, body) },
    ...(after === undefined ? {} : { retryAfterMs: after }),
  };
}

/** An answer that explains an error is short; a page of megabytes would only fill the run's state. */
const REFUSAL_CHARS_MAX = 64 * 1024;

function shortened(answer: unknown, text: string): { readonly answer?: unknown; readonly text: string } {
  return text.length <= REFUSAL_CHARS_MAX ? { answer, text } : { text: text.slice(0, REFUSAL_CHARS_MAX) };
}

/** True when the item stays, for a retry. */
function retryOrFail(
  draft: Draft,
  { step, input, failure }: { readonly step: StepRow; readonly input: GatewayInput; readonly failure: Failure },
): boolean {
  const { item, startedAt, retryIntervalMs } = input;
  const { now } = draft.env.ctx;
  const { refusal } = failure;
  const policy = policyOf(draft, step);
  const next = decideRetry(
    item,
    {
      isRetryable: failure.isRetryable,
      ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
      ...(retryIntervalMs === undefined ? {} : { retryIntervalMs }),
      ...(policy === undefined ? {} : { policy }),
    },
    draft.env.ctx,
  );
  const error = { name: step.kind === "ai-gateway" ? "AIGatewayError" : "GatewayError", message: failure.message };
  const httpStatus = refusal === undefined ? {} : { httpStatus: refusal.status };
  const times = { startedAt, endedAt: now };
  const attempt = { runId: item.runId, stepId: step.id, attempt: item.attempt, ...times, error: JSON.stringify(error), ...httpStatus };
  if (next.kind === "exhausted") {
    draft.changes.push({ kind: "insert-attempt", attempt });
    const { answer, text } = refusal ?? {};
    const more = { ...(answer === undefined ? {} : { data: answer }), ...(text === undefined ? {} : { stack: text }) };
    const end = { status: "failed", result: canonicalJson({ error: { ...error, ...more } }), startedAt, attempt: item.attempt } as const;
    finishStep(draft, step, { ...end, error: errorLine(error), attemptsMax: item.attemptsMax });
    return false;
  }
  draft.changes.push({ kind: "insert-attempt", attempt: { ...attempt, retryAt: next.dueAt } });
  putStep(draft, { ...step, status: "retrying", attempt: next.attempt, startedAt: step.startedAt ?? startedAt, until: next.dueAt });
  draft.changes.push({ kind: "reschedule-item", item: { ...item, attempt: next.attempt, dueAt: next.dueAt } });
  const { id: runId, functionId } = draft.run;
  draft.trace.push({
    kind: "step-retrying",
    runId,
    functionId,
    stepId: step.id,
    name: step.name,
    attempt: next.attempt,
    attemptsMax: item.attemptsMax,
    error: errorLine(error),
    dueAt: next.dueAt,
  });
  return true;
}

/** The step's own, or its function's. */
function policyOf(draft: Draft, { options }: StepRow): RetryPolicy | undefined {
  const own = options?.includes('"retry":') === true ? (JSON.parse(options) as { readonly retry?: unknown }).retry : undefined;
  return retriesOfStep(own).policy ?? draft.env.function.definition.retry;
}

function noteUsage(draft: Draft, step: StepRow, outcome: GatewayOutcome): void {
  if (step.kind !== "ai-gateway" || outcome.kind !== "response") return;
  const values = aiUsageOf(parseJson(outcome.body));
  if (values === undefined) return;
  const place = { runId: step.runId, stepId: step.id, source: "gateway", now: draft.env.ctx.now };
  draft.changes.push({ kind: "put-metadata", metadata: metadataRow({ kind: "inngest.ai", op: "set", values }, place) });
}

/** An answer that is no JSON, or nested too deeply to be stored as such, is a text. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? text : value;
  } catch {
    return text;
  }
}
