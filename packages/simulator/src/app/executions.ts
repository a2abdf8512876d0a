/**
 * Executions of the app's code, counted: how often a step's body has run, and how often a function's own code has failed.
 *
 * I1  Every execution of a step's body has a token of its own, so two executions can be told apart by what was stored.
 */
import type { WireOp } from "@pawl/protocol";
import type { Execution } from "../check/checker.ts";
import type { VirtualClock } from "../world/virtual-clock.ts";
import { type BodyOutput, stepDone, stepFailed } from "./ops.ts";
import { type Program, type RunStatement, statementsOf } from "./program.ts";
import { type FoundStep, isErrorResult, type Memo, replay, type Replay } from "./replay.ts";

export type ExecutionsOptions = {
  /** Whether steps note something about themselves. */
  readonly notes: boolean;
  readonly clock: VirtualClock;
  /** Told of each execution of a step's body. */
  readonly executed: (execution: Execution) => void;
};

export type Run = { readonly step: FoundStep; readonly statement: RunStatement };

/** `steps`: what the execution sees. `isLast`: whether a failure is the last one. */
export type ExecutionInput = Run & {
  readonly runId: string;
  readonly slug: string;
  readonly steps: Memo["steps"];
  readonly isLast: boolean;
};

export type Executed = { readonly op: WireOp; readonly output: BodyOutput | undefined; readonly noRetry: boolean };

export class Executions {
  readonly #options: ExecutionsOptions;
  /** Executions of step bodies, by run and step. */
  readonly #executions = new Map<string, number>();
  readonly #throws = new Map<string, number>();
  #tokens = 0;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  /** Runs a step's body. */
  async execute({ step, statement, runId, slug, steps, isLast }: ExecutionInput): Promise<Executed> {
    const key = `${runId}/${step.hash}`;
    const count = (this.#executions.get(key) ?? 0) + 1;
    this.#executions.set(key, count);
    const token = ++this.#tokens;
    const isOk = count > statement.failures;
    const seen = tokensOf(steps);
    this.#options.executed({ runId, slug, stepId: step.hash, isOk });
    await this.#options.clock.sleep(statement.bodyMs);
    if (isOk) return { op: stepDone(step, { token, seen }, this.#options.notes), output: { token, seen }, noRetry: false };
    const isFinal = !statement.isRetryable || isLast;
    return { op: stepFailed(step, { token, isFinal }), output: undefined, noRetry: isFinal };
  }

  /** Runs the function's own code. `counts`: whether a failure of it uses up one of those that the code has. */
  replay(program: Program, { memo, runId, counts }: { readonly memo: Memo; readonly runId: string; readonly counts: boolean }): Replay {
    const throwsNow = (id: string): boolean => {
      const failures = failuresOf(program, id);
      const key = `${runId}/${id}`;
      const count = this.#throws.get(key) ?? 0;
      if (counts && count < failures) this.#throws.set(key, count + 1);
      return count < failures;
    };
    return replay(program, { memo, throwsNow });
  }
}

/** Tokens of the executions whose outputs are memoised, by step. */
export function tokensOf(steps: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
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
