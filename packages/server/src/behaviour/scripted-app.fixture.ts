/**
 * An app with an SDK, in process: answers calls by running scripts, and remembers the calls.
 *
 * Spec: wire 5.5–5.8, 6.
 */
import type { RawReply } from "@pawl/engine";
import { type CallRequest, DISCOVERY_STEP_ID, HEADER, type WireOp } from "@pawl/protocol";
import type { AppCall } from "../ports/invoker.ts";
import { START } from "../ports/manual-clock.fixture.ts";
import { type FoundStep, NoRetryError, type Outcome, replay, RetryAfterError, type Script, StepFailure } from "./replay.fixture.ts";

/** A call as the app saw it. */
export type SeenCall = {
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly slug: string;
  /** Hash of the step that it is for; `step`: what is next. */
  readonly stepId: string;
  readonly attempt: number;
  readonly generation: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: CallRequest;
};

/** What a function does with a call: run a script, or answer by itself. */
export type Handler = { readonly script: Script } | { readonly answer: (call: SeenCall) => RawReply | Promise<RawReply> };

export class ScriptedApp {
  readonly calls: SeenCall[] = [];
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(handlers: ReadonlyMap<string, Handler>) {
    this.#handlers = handlers;
  }

  /** Takes a call at an instant. */
  async handle({ url, headers, body }: AppCall, now: number): Promise<RawReply> {
    const { searchParams } = new URL(url);
    const slug = searchParams.get("fnId") ?? "";
    const stepId = searchParams.get("stepId") ?? DISCOVERY_STEP_ID;
    const request = JSON.parse(body) as CallRequest;
    const { attempt, generation_id: generation = 0 } = request.ctx;
    const call: SeenCall = { at: now - START, slug, stepId, attempt, generation, headers, body: request };
    this.calls.push(call);
    const handler = this.#handlers.get(slug);
    if (handler === undefined) return sdkAnswer(410, { name: "Error", message: `no function ${slug}` });
    return "answer" in handler ? handler.answer(call) : runScript(handler.script, call);
  }
}

/** An answer of an SDK. */
export function sdkAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): RawReply {
  return {
    kind: "response",
    status,
    headers: { "content-type": "application/json", [HEADER.sdk]: "js:v4.24.0", [HEADER.reqVersion]: "2", ...headers },
    body: JSON.stringify(body ?? null),
  };
}

async function runScript(script: Script, { stepId, body }: SeenCall): Promise<RawReply> {
  if (stepId === DISCOVERY_STEP_ID) return answerOf(await replay(script, body), body);
  const outcome = await replay(script, body);
  const step = outcome.kind === "found" ? outcome.steps.find(({ id }) => id === stepId) : undefined;
  return step === undefined ? sdkAnswer(500, { name: "Error", message: `could not find step ${stepId}` }) : execute(step);
}

async function answerOf(outcome: Outcome, { ctx }: CallRequest): Promise<RawReply> {
  if (outcome.kind === "returned") return sdkAnswer(200, outcome.value);
  if (outcome.kind === "threw") return functionError(outcome.error);
  const [only, ...rest] = outcome.steps;
  const mayRun = only?.body !== undefined && rest.length === 0 && !ctx.disable_immediate_execution;
  if (mayRun) return execute(only);
  return sdkAnswer(
    206,
    outcome.steps.map(({ op }) => op),
  );
}

/** Runs a step's body; a step without one is reported. */
async function execute({ op, body }: FoundStep): Promise<RawReply> {
  if (body === undefined) return sdkAnswer(206, [op]);
  try {
    const data = await body();
    return sdkAnswer(206, [{ ...op, op: "StepRun", data: data ?? null } satisfies WireOp]);
  } catch (error) {
    return sdkAnswer(206, [{ ...op, op: "StepError", error: errorOf(error) } satisfies WireOp], retryHeaders(error));
  }
}

/** A step's error that the function does not catch is not worth another attempt: it would be the same. */
function functionError(error: unknown): RawReply {
  const isFinal = error instanceof NoRetryError || error instanceof StepFailure;
  return sdkAnswer(isFinal ? 400 : 500, errorOf(error), { ...retryHeaders(error), ...(isFinal ? { [HEADER.noRetry]: "true" } : {}) });
}

function retryHeaders(error: unknown): Readonly<Record<string, string>> {
  return {
    [HEADER.noRetry]: String(error instanceof NoRetryError),
    ...(error instanceof RetryAfterError ? { [HEADER.retryAfter]: error.retryAfter } : {}),
  };
}

function errorOf(error: unknown): { readonly name: string; readonly message: string } {
  return error instanceof Error ? { name: error.name, message: error.message } : { name: "Error", message: String(error) };
}
