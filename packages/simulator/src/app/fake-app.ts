/**
 * An app with an SDK, as the server sees it: takes calls, runs step bodies, checkpoints, answers. Calls of its endpoints are of runs that
 * they have begun themselves (fake-endpoint.ts).
 *
 * I1  It lives outside the node: a call goes on although the node that made it has crashed, and its checkpoints reach whichever node is up.
 *
 * Spec: wire 6.4, 7.2, 7.8.
 */
import type { RawReply } from "@pawl/engine";
import { type CallRequest, DISCOVERY_STEP_ID, HEADER, type WireOp } from "@pawl/protocol";
import type { AppCall } from "@pawl/server";
import type { VirtualClock } from "../world/virtual-clock.ts";
import { type Executed, type Executions, type Run, tokensOf } from "./executions.ts";
import { answer, endpointComplete, FUNCTION_ERROR, handlerFailed, NOT_FOUND_ERROR, opOf, runComplete, STALE_ERROR } from "./ops.ts";
import type { Program } from "./program.ts";
import type { Replay } from "./replay.ts";
import { endpointCall, noteLazy, payloadOf, type Session, sessionOf } from "./session.ts";

/** An SDK waits so long for a targeted step to turn up. */
const STEP_SEARCH_MS = 10_000;

export type CheckpointAnswer = "saved" | "stale" | "failed";

export type Checkpoint = {
  readonly runId: string;
  readonly itemId: string;
  readonly generation: number | undefined;
  readonly ops: readonly WireOp[];
};

/** What a run remembers, in the order in which its steps have finished; or why it is not to be had. */
export type FetchedState = { readonly steps: Readonly<Record<string, unknown>>; readonly stack: readonly string[] } | "gone" | "failed";

export type FakeAppOptions = {
  readonly programs: readonly Program[];
  readonly endpoints: readonly Program[];
  readonly clock: VirtualClock;
  readonly executions: Executions;
  readonly checkpoint: (request: Checkpoint) => Promise<CheckpointAnswer>;
  /** The state of a run, for a call that does not bring it along. */
  readonly fetchState: (call: { readonly runId: string; readonly itemId: string; readonly generation: number }) => Promise<FetchedState>;
};

export class FakeApp {
  readonly #options: FakeAppOptions;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #endpoints: ReadonlyMap<string, Program>;

  constructor(options: FakeAppOptions) {
    this.#options = options;
    this.#programs = new Map(options.programs.map((program) => [program.slug, program]));
    this.#endpoints = new Map(options.endpoints.map((program) => [`/${program.slug}`, program]));
  }

  /** Handles a call as an SDK does. */
  async handle(request: Pick<AppCall, "url" | "body" | "headers" | "attempt">): Promise<RawReply> {
    const { pathname, searchParams } = new URL(request.url);
    const endpoint = this.#endpoints.get(pathname);
    if (endpoint !== undefined) return this.#reenter(endpoint, request);
    const program = this.#programs.get(searchParams.get("fnId") ?? "");
    if (program === undefined) return { kind: "response", status: 410, headers: {}, body: "no such function" };
    const session = sessionOf(program, JSON.parse(request.body) as CallRequest);
    return this.#go(session, searchParams.get("stepId") ?? DISCOVERY_STEP_ID);
  }

  /** A request of an endpoint that the server makes again. */
  async #reenter(program: Program, { headers, body }: Pick<AppCall, "body" | "headers">): Promise<RawReply> {
    const of = {
      runId: headers[HEADER.runId] ?? "",
      itemId: headers[HEADER.jobId] ?? "",
      generation: Number(headers[HEADER.generationId]),
    };
    const state = await this.#options.fetchState(of);
    if (typeof state === "string")
      return answer(program, { status: 500, body: { name: FUNCTION_ERROR, message: `the state is ${state}` }, noRetry: false });
    const mustPlan = headers[HEADER.forceStepPlan] === "true";
    const session = sessionOf(program, endpointCall({ ...of, ...state, mustPlan, body }));
    return this.#go(session, headers[HEADER.stepId] ?? DISCOVERY_STEP_ID);
  }

  #go(session: Session, stepId: string): Promise<RawReply> {
    return stepId === DISCOVERY_STEP_ID ? this.#discover(session) : this.#target(session, stepId);
  }

  async #target(session: Session, stepId: string): Promise<RawReply> {
    const { program } = session;
    const step = this.#replay(session, false).found.find(({ hash }) => hash === stepId);
    if (step === undefined) {
      await this.#options.clock.sleep(STEP_SEARCH_MS);
      return answer(program, { status: 500, body: { name: "Error", message: `${NOT_FOUND_ERROR} ${stepId}` }, noRetry: false });
    }
    if (step.statement.kind !== "run") return answer(program, { status: 206, body: [...session.buffer, opOf(step, payloadOf(session))] });
    const done = await this.#execute(session, { step, statement: step.statement });
    return answer(program, { status: 206, body: [...session.buffer, done.op], noRetry: done.noRetry });
  }

  async #discover(session: Session): Promise<RawReply> {
    const { program, call } = session;
    for (;;) {
      const { outcome, found } = this.#replay(session, true);
      if (outcome.kind === "returned") return returned(session);
      if (outcome.kind === "threw") return this.#threw(session, outcome);
      const [only] = found;
      const mayRun = found.length === 1 && !call.ctx.disable_immediate_execution;
      if (!mayRun || only === undefined || only.statement.kind !== "run") {
        const ops = found.map((step) => opOf(step, payloadOf(session)));
        return (await this.#flush(session)) ?? answer(program, { status: 206, body: [...session.buffer, ...ops], noRetry: false });
      }
      const reply = await this.#runInPlace(session, { step: only, statement: only.statement });
      if (reply !== undefined) return reply;
    }
  }

  /** Runs the only step that was found. Undefined where the function can go on at once, because the result is kept or was saved. */
  async #runInPlace(session: Session, run: Run): Promise<RawReply | undefined> {
    const { program, call, steps, stack, buffer } = session;
    const done = await this.#execute(session, run);
    if (done.output === undefined) {
      return (await this.#flush(session)) ?? answer(program, { status: 206, body: [...session.buffer, done.op], noRetry: done.noRetry });
    }
    buffer.push(done.op);
    const mayCheckpoint = program.checkpointSteps > 0 && (call.ctx.attempt === 0 || program.checkpointsRetries);
    if (!mayCheckpoint) return answer(program, { status: 206, body: buffer, noRetry: false });
    steps[run.step.hash] = { data: done.output };
    stack.push(run.step.hash);
    if (buffer.length < program.checkpointSteps) return undefined;
    const refused = await this.#flush(session);
    if (refused !== undefined) return refused;
    return session.buffer.length === 0 ? undefined : answer(program, { status: 206, body: session.buffer, noRetry: false });
  }

  /** Saves what is kept back. An answer where the call has lost its lease; what could not be saved stays in the buffer. */
  async #flush(session: Session): Promise<RawReply | undefined> {
    const { program, call, buffer } = session;
    if (program.checkpointSteps === 0 || buffer.length === 0) return undefined;
    const { run_id: runId, qi_id: itemId, generation_id: generation } = call.ctx;
    const result = await this.#options.checkpoint({ runId, itemId, generation, ops: buffer });
    if (result === "stale") return answer(program, { status: 400, body: { name: STALE_ERROR, message: "stale dispatch" }, noRetry: true });
    if (result === "saved") session.buffer = [];
    return undefined;
  }

  async #threw(session: Session, { message, isRetryable }: Extract<Replay["outcome"], { kind: "threw" }>): Promise<RawReply> {
    const refused = await this.#flush(session);
    if (refused !== undefined) return refused;
    const { program, buffer } = session;
    if (program.isEndpoint === true && program.endsByOp)
      return answer(program, { status: 206, body: [...buffer, handlerFailed({ message, isRetryable })], noRetry: !isRetryable });
    // Unsaved steps come again with the retry; a failure can't bring them along.
    return answer(program, { status: isRetryable ? 500 : 400, body: { name: FUNCTION_ERROR, message }, noRetry: !isRetryable });
  }

  #execute(session: Session, run: Run): Promise<Executed> {
    const { ctx } = session.call;
    const isLast = ctx.attempt + 1 >= ctx.max_attempts;
    const { slug } = session.program;
    return this.#options.executions.execute({ ...run, runId: ctx.run_id, slug, steps: session.steps, isLast });
  }

  #replay(session: Session, isDiscovery: boolean): Replay {
    const { program, call } = session;
    const replayed = this.#options.executions.replay(program, { memo: session, runId: call.ctx.run_id, counts: isDiscovery });
    noteLazy(session, replayed.lazy);
    return replayed;
  }
}

function returned({ program, buffer, steps }: Session): RawReply {
  const output = tokensOf(steps);
  if (program.isEndpoint === true) return answer(program, { status: 206, body: [...buffer, endpointComplete(output)], noRetry: false });
  if (buffer.length > 0 || program.endsByOp)
    return answer(program, { status: 206, body: [...buffer, runComplete(output)], noRetry: false });
  return answer(program, { status: 200, body: output });
}
