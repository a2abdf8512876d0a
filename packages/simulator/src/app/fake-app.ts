/**
 * An app with an SDK, as the server sees it: takes calls, runs step bodies, checkpoints, answers.
 *
 * I1  It lives outside the node: a call goes on although the node that made it has crashed, and its checkpoints reach whichever node is up.
 * I2  Every execution of a step's body has a token of its own, so two executions can be told apart by what was stored.
 *
 * Spec: wire 6.4, 7.2.
 */
import type { RawReply } from "@pawl/engine";
import { type CallRequest, DISCOVERY_STEP_ID, hashStepId, type WireOp } from "@pawl/protocol";
import type { AppCall } from "@pawl/server";
import type { VirtualClock } from "../world/virtual-clock.ts";
import {
  answer,
  type BodyOutput,
  FUNCTION_ERROR,
  lazyOpOf,
  NOT_FOUND_ERROR,
  opOf,
  type Payload,
  runComplete,
  STALE_ERROR,
  stepDone,
  stepFailed,
} from "./ops.ts";
import { type Program, type RunStatement, statementsOf } from "./program.ts";
import { type FoundStep, isErrorResult, type Memo, replay, type Replay } from "./replay.ts";

/** An SDK waits so long for a targeted step to turn up. */
const STEP_SEARCH_MS = 10_000;

export type CheckpointAnswer = "saved" | "stale" | "failed";

export type Checkpoint = {
  readonly runId: string;
  readonly itemId: string;
  readonly generation: number | undefined;
  readonly ops: readonly WireOp[];
};

export type FakeAppOptions = {
  readonly programs: readonly Program[];
  readonly clock: VirtualClock;
  readonly checkpoint: (request: Checkpoint) => Promise<CheckpointAnswer>;
  /** Told of each execution of a step's body. */
  readonly executed: (execution: { readonly runId: string; readonly stepId: string; readonly isOk: boolean }) => void;
};

type Session = {
  readonly program: Program;
  readonly call: CallRequest;
  readonly steps: Record<string, unknown>;
  readonly stack: string[];
  /** Finished steps, and what rides along with them, that the server does not know of yet. */
  buffer: WireOp[];
  /** Ids of ops that ride along and are in the buffer, or were. */
  readonly noted: Set<string>;
};

export class FakeApp {
  readonly #options: FakeAppOptions;
  readonly #programs: ReadonlyMap<string, Program>;
  /** Executions of step bodies, by run and step. */
  readonly #executions = new Map<string, number>();
  readonly #throws = new Map<string, number>();
  #tokens = 0;

  constructor(options: FakeAppOptions) {
    this.#options = options;
    this.#programs = new Map(options.programs.map((program) => [program.slug, program]));
  }

  /** Handles a call as an SDK does. */
  async handle({ url, body }: Pick<AppCall, "url" | "body">): Promise<RawReply> {
    const call = JSON.parse(body) as CallRequest;
    const { searchParams } = new URL(url);
    const program = this.#programs.get(searchParams.get("fnId") ?? "");
    if (program === undefined) return { kind: "response", status: 410, headers: {}, body: "no such function" };
    const session: Session = {
      program,
      call,
      steps: { ...call.steps },
      stack: [...(call.ctx.stack.stack ?? [])],
      buffer: [],
      noted: new Set(),
    };
    const stepId = searchParams.get("stepId") ?? DISCOVERY_STEP_ID;
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
    // Unsaved steps come again with the retry; a failure can't bring them along.
    return answer(session.program, { status: isRetryable ? 500 : 400, body: { name: FUNCTION_ERROR, message }, noRetry: !isRetryable });
  }

  async #execute(session: Session, { step, statement }: Run): Promise<Executed> {
    const { ctx } = session.call;
    const key = `${ctx.run_id}/${step.hash}`;
    const count = (this.#executions.get(key) ?? 0) + 1;
    this.#executions.set(key, count);
    const token = ++this.#tokens;
    const isOk = count > statement.failures;
    const seen = tokensOf(session.steps);
    this.#options.executed({ runId: ctx.run_id, stepId: step.hash, isOk });
    await this.#options.clock.sleep(statement.bodyMs);
    if (isOk) return { op: stepDone(step, { token, seen }), output: { token, seen }, noRetry: false };
    const isFinal = !statement.isRetryable || ctx.attempt + 1 >= ctx.max_attempts;
    return { op: stepFailed(step, { token, isFinal }), output: undefined, noRetry: isFinal };
  }

  #replay(session: Session, isDiscovery: boolean): Replay {
    const memo: Memo = session;
    const throwsNow = (id: string): boolean => {
      const failures = failuresOf(session.program, id);
      const key = `${session.call.ctx.run_id}/${id}`;
      const count = this.#throws.get(key) ?? 0;
      if (isDiscovery && count < failures) this.#throws.set(key, count + 1);
      return count < failures;
    };
    const replayed = replay(session.program, { memo, throwsNow });
    noteLazy(session, replayed.lazy);
    return replayed;
  }
}

type Run = { readonly step: FoundStep; readonly statement: RunStatement };
type Executed = { readonly op: WireOp; readonly output: BodyOutput | undefined; readonly noRetry: boolean };

function returned({ program, buffer, steps }: Session): RawReply {
  const output = tokensOf(steps);
  if (buffer.length > 0 || program.endsByOp)
    return answer(program, { status: 206, body: [...buffer, runComplete(output)], noRetry: false });
  return answer(program, { status: 200, body: output });
}

/** What the server does not know yet goes with the next report; what it knows is not sent again. */
function noteLazy(session: Session, lazy: Replay["lazy"]): void {
  const { defers = {} } = session.call;
  for (const statement of lazy) {
    const op = lazyOpOf(statement, payloadOf(session));
    const known = defers[hashStepId(statement.kind === "defer" ? statement.id : statement.defer)];
    const isKnown = statement.kind === "defer" ? known !== undefined : known?.abortable === false;
    if (isKnown || session.noted.has(op.id)) continue;
    session.noted.add(op.id);
    session.buffer.push(op);
  }
}

function payloadOf({ call }: Session): Payload {
  const { k, n } = call.event.data;
  return { k, n };
}

/** Tokens of the executions whose outputs are memoised, by step. */
function tokensOf(steps: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const tokens: Record<string, number> = {};
  for (const [hash, value] of Object.entries(steps)) {
    const token = tokenOf(value);
    if (token !== undefined) tokens[hash] = token;
  }
  return tokens;
}

/** Token of a memoised output; undefined for a result of another kind. */
export function tokenOf(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || isErrorResult(value) || !("data" in value)) return undefined;
  const { data } = value;
  return typeof data === "object" && data !== null && "token" in data && typeof data.token === "number" ? data.token : undefined;
}

function failuresOf({ body }: Program, id: string): number {
  for (const statement of statementsOf(body)) if (statement.kind === "throw" && statement.id === id) return statement.failures;
  return 0;
}
