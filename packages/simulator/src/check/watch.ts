/** Hands what happens to the mirror and to every checker, and collects what they report. */
import type { GatewayOutcome } from "@pawl/engine";
import { type CallRequest, HEADER } from "@pawl/protocol";
import type { AppCall } from "@pawl/server";
import type { Program } from "../app/program.ts";
import type { Scenario } from "../world/scenario.ts";
import { CHECKERS, type CheckerName } from "./all-checkers.ts";
import {
  type Checker,
  type Commit,
  type Ending,
  type Execution,
  type Fetch,
  type ObservedCall,
  ofKind,
  type NoteAnswer,
  type RegistrationAnswer,
  type Report,
  type StepRequest,
} from "./checker.ts";
import { Mirror } from "./mirror.ts";

/** `at`: virtual time of the world. */
export type Violation = { readonly checker: CheckerName; readonly at: number; readonly message: string };

/** One mistake breaks many promises; the first ones tell enough. */
const VIOLATIONS_MAX = 20;

export type WatchOptions = {
  readonly programs: readonly Program[];
  readonly endpoints: readonly Program[];
  readonly scenario: Scenario;
  readonly now: () => number;
};

export class Watch {
  readonly mirror: Mirror = new Mirror();
  readonly violations: Violation[] = [];
  readonly #now: () => number;
  readonly #checkers: readonly Checker[];
  /** By the function's id. */
  readonly #programs: Map<string, Program>;
  readonly #endpoints: ReadonlyMap<string, Program>;
  readonly #registrations = { began: 0, underway: 0 };
  /** Calls under way, by the object that the node made for them. */
  readonly #calls = new Map<AppCall, ObservedCall>();

  constructor({ programs, endpoints, scenario, now }: WatchOptions) {
    this.#now = now;
    this.#programs = new Map(programs.map((program) => [program.slug, program]));
    this.#endpoints = new Map(endpoints.map((program) => [program.slug, program]));
    this.#checkers = Object.entries(CHECKERS).map(([name, make]) =>
      make({
        mirror: this.mirror,
        programs: this.#programs,
        scenario,
        now,
        report: (message) => this.report(name as CheckerName, message),
      }),
    );
  }

  report(checker: CheckerName, message: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ checker, at: this.#now(), message });
  }

  committed(commit: Commit): void {
    for (const { function: row } of ofKind(commit.changeSet, "put-function")) {
      const endpoint = row.definition.endpoint === undefined ? undefined : this.#endpoints.get(row.slug);
      if (endpoint !== undefined) this.#programs.set(row.id, endpoint);
    }
    for (const checker of this.#checkers) checker.committing?.(commit);
    this.mirror.follow(commit.changeSet.changes, commit.at);
    for (const checker of this.#checkers) checker.committed?.(commit);
  }

  claimed(claim: { readonly itemId: string; readonly generation: number }): void {
    for (const checker of this.#checkers) checker.claimed?.(claim);
  }

  callBegan(node: number, call: AppCall): ObservedCall {
    const body = new URL(call.url).searchParams.has("fnId") ? (JSON.parse(call.body) as CallRequest) : this.#endpointBody(call);
    const observed: ObservedCall = { node, itemId: body.ctx.qi_id, slug: body.ctx.fn_id, body };
    this.#calls.set(call, observed);
    for (const checker of this.#checkers) checker.callBegan?.(observed);
    return observed;
  }

  callEnded(call: AppCall): ObservedCall | undefined {
    const observed = this.#calls.get(call);
    this.#calls.delete(call);
    if (observed !== undefined) for (const checker of this.#checkers) checker.callEnded?.(observed);
    return observed;
  }

  /** What the call of a function would say in its body. */
  #endpointBody({ headers, attempt }: AppCall): CallRequest {
    const runId = headers[HEADER.runId] ?? "";
    const itemId = headers[HEADER.jobId] ?? "";
    const ctx = {
      run_id: runId,
      fn_id: this.mirror.runs.get(runId)?.functionId ?? "",
      qi_id: itemId,
      generation_id: Number(headers[HEADER.generationId]),
      attempt,
      max_attempts: this.mirror.item(itemId)?.attemptsMax ?? 0,
    };
    return { ctx, steps: {}, event: { data: {} }, events: [] } as unknown as CallRequest;
  }

  requestBegan(request: StepRequest): void {
    for (const checker of this.#checkers) checker.requestBegan?.(request);
  }

  requestEnded(request: StepRequest & { readonly outcome: GatewayOutcome }): void {
    for (const checker of this.#checkers) checker.requestEnded?.(request);
  }

  /** A registration begins; the result takes its answer. */
  registering(): (answer: Omit<RegistrationAnswer, "isAlone">) => void {
    const began = ++this.#registrations.began;
    const isFirst = this.#registrations.underway++ === 0;
    return (answer) => {
      this.#registrations.underway -= 1;
      const isAlone = isFirst && this.#registrations.began === began;
      for (const checker of this.#checkers) checker.registered?.({ ...answer, isAlone });
    };
  }

  noted(answer: NoteAnswer): void {
    for (const checker of this.#checkers) checker.noted?.(answer);
  }

  fetched(fetch: Fetch): void {
    for (const checker of this.#checkers) checker.fetched?.(fetch);
  }

  reported(report: Report): void {
    for (const checker of this.#checkers) checker.reported?.(report);
  }

  executed(execution: Execution): void {
    for (const checker of this.#checkers) checker.executed?.(execution);
  }

  ended(ending: Ending): void {
    for (const checker of this.#checkers) checker.ended?.(ending);
  }
}
