/** What the simulated app puts on the wire. Spec: wire 5.5, 5.6, 6. */
import type { RawReply } from "@pawl/engine";
import { hashStepId, HEADER, type Opcode, RUN_COMPLETE_ID, type WireOp } from "@pawl/protocol";
import type { LazyStatement, Program, StepStatement } from "./program.ts";
import type { FoundStep } from "./replay.ts";

/** Names of the errors that the app makes. */
export const STEP_ERROR = "SimulatedStepError";
export const FUNCTION_ERROR = "SimulatedFunctionError";
export const STALE_ERROR = "SimulatedStaleDispatch";
export const NOT_FOUND_ERROR = "could not find step to run";

/** Where steps make requests to. */
export const SERVER_URL = "http://servers.invalid/";

/** Event that started the run, as far as the app looks at it. */
/** `sessions`: those that all events of the run have. */
export type Payload = { readonly k?: unknown; readonly n?: unknown; readonly sessions?: Readonly<Record<string, string>> };

/** An op that reports a found step without running it. */
export function opOf(step: FoundStep, payload: Payload): WireOp {
  const { statement } = step;
  switch (statement.kind) {
    case "run":
      return op(step, { op: "StepPlanned" });
    case "sleep":
      return op(step, { op: "Sleep", name: duration(statement.ms) });
    case "wait": {
      const { event, orEvent, lookBack, matchesK, timeoutMs } = statement;
      const opts = {
        timeout: duration(timeoutMs),
        ...(matchesK ? { if: "async.data.k == event.data.k" } : {}),
        ...(orEvent === undefined ? {} : { events: [event, orEvent] }),
        ...(lookBack === undefined ? {} : { lookBack: lookBack === "run" ? lookBack : duration(lookBack) }),
      };
      return op(step, { op: "WaitForEvent", name: event, opts });
    }
    case "signal": {
      const { signal, timeoutMs, replaces } = statement;
      const opts = { signal, timeout: duration(timeoutMs), ...(replaces ? { conflict: "replace" } : {}) };
      return op(step, { op: "WaitForSignal", name: signal, opts });
    }
    case "fetch": {
      const opts = { url: SERVER_URL, method: "POST", body: { n: payload.n } };
      return op(step, statement.isAi ? { op: "AIGateway", opts: { ...opts, format: "openai-chat" } } : { op: "Gateway", opts });
    }
    case "invoke": {
      const opts = { function_id: statement.target, payload: payloadFor(payload), timeout: duration(statement.timeoutMs) };
      return op(step, { op: "InvokeFunction", opts });
    }
  }
}

/** What an invoked function gets: the invoker's payload, and the sessions that it has. */
function payloadFor({ sessions, ...data }: Payload): object {
  return sessions === undefined ? { data } : { data, meta: { propagated_sessions: sessions } };
}

/** An op that rides along with others. What is deferred gets the payload of the function, and the name of the statement. */
export function lazyOpOf(statement: LazyStatement, { k, n }: Payload): WireOp {
  const { id } = statement;
  if (statement.kind === "defer") {
    const input = statement.isInvalid ? [n] : { k, n, deferId: id };
    return { op: "DeferAdd", id: hashStepId(id), data: null, userland: { id }, opts: { fn_slug: statement.target, input } };
  }
  const target = hashStepId(statement.defer);
  return { op: "DeferAbort", id: hashStepId(`${target}:abort`), data: null, opts: { target_hashed_id: target, id: statement.defer } };
}

/** Output of a step's body: which execution it was, and which outputs it had seen. */
export type BodyOutput = { readonly token: number; readonly seen: Readonly<Record<string, number>> };

/** Kind of what steps note about themselves. */
export const STEP_METADATA_KIND = "userland.step";

/** A finished step. `notes`: whether it notes something about itself. */
export function stepDone(step: FoundStep, data: BodyOutput, notes: boolean): WireOp {
  const metadata = [{ kind: STEP_METADATA_KIND, scope: "step", op: "add", values: { count: 1 } }] as const;
  return op(step, { op: "StepRun", data, ...(notes ? { metadata } : {}) });
}

export function stepFailed(step: FoundStep, { token, isFinal }: { readonly token: number; readonly isFinal: boolean }): WireOp {
  return op(step, { op: isFinal ? "StepFailed" : "StepError", error: { name: STEP_ERROR, message: `execution ${token} failed` } });
}

/** The end of an endpoint's handler: its HTTP answer. */
export function endpointComplete(data: unknown): WireOp {
  return runComplete({ status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(data) });
}

/** The failure of an endpoint's handler itself. */
export function handlerFailed({ message, isRetryable }: { readonly message: string; readonly isRetryable: boolean }): WireOp {
  return { op: isRetryable ? "StepError" : "StepFailed", id: RUN_COMPLETE_ID, error: { name: FUNCTION_ERROR, message } };
}

export function runComplete(data: unknown): WireOp {
  return { op: "RunComplete", id: RUN_COMPLETE_ID, data };
}

function op({ hash, statement, isRacing }: FoundStep, rest: { readonly op: Opcode } & Partial<WireOp>): WireOp {
  const { id } = statement satisfies StepStatement;
  const opts = { ...rest.opts, ...(isRacing ? { parallelMode: "race" } : {}) };
  return { id: hash, name: id, displayName: id, userland: { id }, ...rest, opts };
}

function duration(ms: number): string {
  return `${Math.ceil(ms / 1_000)}s`;
}

/** An answer that an SDK wrote. */
export function answer(program: Program, rest: { readonly status: number; readonly body: unknown; readonly noRetry?: boolean }): RawReply {
  const headers = {
    "content-type": "application/json",
    [HEADER.sdk]: "js:v4.24.0",
    [HEADER.reqVersion]: String(program.requestVersion),
    ...(rest.noRetry === undefined ? {} : { [HEADER.noRetry]: String(rest.noRetry) }),
  };
  return { kind: "response", status: rest.status, headers, body: JSON.stringify(rest.body) };
}

/** No answer. */
export function unreachable(message: string): RawReply {
  return { kind: "no-response", code: "http_unreachable", message: `simulated: ${message}` };
}

/** What may come in the place of an answer; `index` chooses. */
export function garbage(index: number): RawReply {
  const isSdk = { [HEADER.sdk]: "js:v4.24.0" };
  const answers: readonly RawReply[] = [
    { kind: "response", status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad Gateway</html>" },
    { kind: "response", status: 200, headers: { "content-type": "text/html" }, body: "<html>Welcome</html>" },
    { kind: "response", status: 206, headers: isSdk, body: '[{"op":"StepRun","id"' },
    { kind: "response", status: 206, headers: isSdk, body: '[{"op":"Unheard","id":"x"}]' },
    { kind: "response", status: 206, headers: isSdk, body: "" },
    { kind: "response", status: 201, headers: isSdk, body: "  " },
    { kind: "response", status: 500, headers: isSdk, body: "out of memory" },
    { kind: "no-response", code: "output_too_large", message: "simulated: too large" },
  ];
  return answers[index % answers.length] ?? unreachable("nothing");
}

/** How many kinds of garbage there are. */
export const GARBAGE_KINDS = 8;
