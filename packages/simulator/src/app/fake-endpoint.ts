/**
 * The app's HTTP endpoints, as their own callers see them: a request begins a run, is worked on at once, and what is done is reported to the
 * server step by step; until its handler has ended, or has to wait for something, and the server goes on with it (fake-app.ts).
 *
 * I1  What could not be reported is not relied on: the handler gives up, and its caller gets an error.
 * I2  A process may be stopped in the middle of a request; then nothing more is heard of it.
 *
 * Spec: wire 7.4-7.6.
 */
import type { WireOp } from "@pawl/protocol";
import { type Executed, type Executions, tokensOf } from "./executions.ts";
import { endpointComplete, handlerFailed, opOf, type Payload } from "./ops.ts";
import type { Program } from "./program.ts";
import type { Replay } from "./replay.ts";
import { endpointCall, noteLazy, payloadOf, type Session, sessionOf } from "./session.ts";

const NANOS_PER_MS = 1_000_000;

/** A request of a caller. `key`: one with the same key is refused for a day. */
export type EndpointRequest = { readonly program: Program; readonly runId: string; readonly payload: Payload; readonly key?: string };

/** `saved`: stored for good. `refused`: the server said why not. `failed`: it is not known. */
export type ReportAnswer = "saved" | "refused" | "failed";

export type FakeEndpointOptions = {
  readonly executions: Executions;
  /** Says that a run has begun, with the first ops. */
  readonly start: (request: EndpointRequest, ops: readonly WireOp[]) => Promise<ReportAnswer>;
  readonly report: (runId: string, ops: readonly WireOp[]) => Promise<ReportAnswer>;
  /** The time, as the process knows it. */
  readonly now: () => number;
  /** Whether the process is stopped now. */
  readonly isStopped: () => boolean;
};

/** What the caller of a request gets. `async`: the server goes on with it. */
export type EndpointAnswer = "done" | "async" | "error";

type Work = { readonly request: EndpointRequest; readonly session: Session; hasBegun: boolean };

export class FakeEndpoint {
  readonly #options: FakeEndpointOptions;

  constructor(options: FakeEndpointOptions) {
    this.#options = options;
  }

  /** Works on a request. */
  async request(request: EndpointRequest): Promise<EndpointAnswer> {
    const { program, runId, payload } = request;
    const call = endpointCall({
      runId,
      itemId: "",
      generation: 0,
      steps: {},
      stack: [],
      mustPlan: false,
      body: JSON.stringify(payload),
    });
    const work: Work = { request, session: sessionOf(program, call), hasBegun: false };
    // Some say at once that they have begun, others with what they have done first.
    if (program.endsByOp && !(await this.#report(work, []))) return "error";
    return this.#work(work);
  }

  async #work(work: Work): Promise<EndpointAnswer> {
    const { session, request } = work;
    for (;;) {
      const memo = session;
      const { outcome, found, lazy } = this.#options.executions.replay(session.program, { memo, runId: request.runId, counts: true });
      noteLazy(session, lazy);
      if (outcome.kind === "returned") return this.#end(work, [endpointComplete(tokensOf(session.steps))], "done");
      if (outcome.kind === "threw") return this.#threw(work, outcome);
      const [only] = found;
      if (found.length !== 1 || only?.statement.kind !== "run") {
        const ops = found.map((step) => opOf(step, payloadOf(session)));
        return this.#end(work, ops, "async");
      }
      const { slug } = session.program;
      const run = { step: only, statement: only.statement, runId: request.runId, slug };
      const beganAt = this.#options.now();
      const { op, ...rest } = await this.#options.executions.execute({ ...run, steps: session.steps, isLast: false });
      const timing = { a: beganAt * NANOS_PER_MS, b: (this.#options.now() - beganAt) * NANOS_PER_MS };
      const done = { ...rest, op: { ...op, timing } };
      if (done.output === undefined) return this.#end(work, [done.op], "async");
      if (!(await this.#keep(work, { hash: only.hash, done }))) return "error";
    }
  }

  /** Keeps a result, and reports it where enough have come together. */
  async #keep(work: Work, { hash, done }: { readonly hash: string; readonly done: Executed }): Promise<boolean> {
    const { session } = work;
    session.buffer.push(done.op);
    session.steps[hash] = { data: done.output };
    session.stack.push(hash);
    return session.buffer.length < session.program.checkpointSteps || this.#report(work, []);
  }

  /** A failure that can't be repeated is the caller's; not every SDK tells the server of it. */
  async #threw(work: Work, threw: Extract<Replay["outcome"], { kind: "threw" }>): Promise<EndpointAnswer> {
    if (!threw.isRetryable && !work.session.program.endsByOp) return "error";
    return this.#end(work, [handlerFailed(threw)], threw.isRetryable ? "async" : "error");
  }

  async #end(work: Work, ops: readonly WireOp[], answer: EndpointAnswer): Promise<EndpointAnswer> {
    return (await this.#report(work, ops)) ? answer : "error";
  }

  /** False where it was not stored, or the process has stopped. */
  async #report(work: Work, more: readonly WireOp[]): Promise<boolean> {
    const { request, session, hasBegun } = work;
    const { start, report, isStopped } = this.#options;
    if (isStopped()) return false;
    const ops = [...session.buffer, ...more];
    const answer = hasBegun ? await report(request.runId, ops) : await start(request, ops);
    if (answer !== "saved" || isStopped()) return false;
    work.hasBegun = true;
    session.buffer = [];
    return true;
  }
}
