/**
 * Functions of the simulated app, as data: what an SDK would find in a user's code.
 *
 * Step ids are unique within a program, so the hash of the id is the step's identity.
 */
import type { FlowOptions } from "./flow-options.ts";

export type Statement =
  | RunStatement
  | { readonly kind: "sleep"; readonly id: string; readonly ms: number }
  | WaitStatement
  | { readonly kind: "signal"; readonly id: string; readonly signal: string; readonly timeoutMs: number; readonly replaces: boolean }
  | { readonly kind: "invoke"; readonly id: string; readonly target: string; readonly timeoutMs: number; readonly catches: boolean }
  | { readonly kind: "parallel"; readonly mode: "wait" | "race"; readonly branches: readonly (readonly Statement[])[] }
  /** The server makes a request to another server. */
  | { readonly kind: "fetch"; readonly id: string; readonly isAi: boolean; readonly catches: boolean }
  | DeferStatement
  /** Takes back what the function has deferred before. */
  | { readonly kind: "abort"; readonly id: string; readonly defer: string }
  /** The function's own code fails as often as said. */
  | { readonly kind: "throw"; readonly id: string; readonly failures: number; readonly isRetryable: boolean };

/** A step with a body. Its first `failures` executions fail. */
export type RunStatement = {
  readonly kind: "run";
  readonly id: string;
  readonly bodyMs: number;
  readonly failures: number;
  readonly isRetryable: boolean;
  /** Whether the function goes on when the step has failed for good. */
  readonly catches: boolean;
};

export type WaitStatement = {
  readonly kind: "wait";
  readonly id: string;
  readonly event: string;
  /** Whether `async.data.k == event.data.k` must hold. */
  readonly matchesK: boolean;
  readonly timeoutMs: number;
  /** Another name that it waits for as well. */
  readonly orEvent?: string;
  /** Events that came so long before the wait count too, in milliseconds; `run`: since the run was scheduled. */
  readonly lookBack?: number | "run";
};

/** Notes a function to be started when the run has ended. */
export type DeferStatement = {
  readonly kind: "defer";
  readonly id: string;
  readonly target: string;
  /** Whether its input is none, so that it is refused. */
  readonly isInvalid: boolean;
};

/** A statement that is not waited for: it goes with the next report. */
export type LazyStatement = Extract<Statement, { readonly kind: "defer" | "abort" }>;

/** A statement that is a step. */
export type StepStatement = Exclude<Statement, LazyStatement | { readonly kind: "parallel" | "throw" }>;

export type Program = {
  readonly slug: string;
  /** Absent: only invoked. `above`: `event.data.n > above` must hold. */
  readonly trigger?: { readonly event: string; readonly above?: number };
  readonly body: readonly Statement[];
  readonly attemptsMax: number;
  readonly requestVersion: 1 | 2;
  /** Steps kept back before a checkpoint; 0: no checkpoints. */
  readonly checkpointSteps: number;
  /** Whether it saves checkpoints in calls that repeat a failed one, too. */
  readonly checkpointsRetries: boolean;
  /** Whether the end is told by an op or by a plain 200. */
  readonly endsByOp: boolean;
  readonly concurrency?: ConcurrencyLimit;
  /** An event `stop` cancels; with the same `data.k` only where `matchesK`. */
  readonly cancel?: { readonly matchesK: boolean };
  readonly flow: FlowOptions;
  /** Whether it is the handler of an HTTP endpoint, which begins its runs itself. */
  readonly isEndpoint?: boolean;
  /** Whether the app has it only now and then: some registrations leave it out. Nothing else asks for it. */
  readonly isGuest?: boolean;
};

/** At most `limit` calls at once: of the function, of the function for each `data.k`, or of all functions for each `data.k`. */
export type ConcurrencyLimit = { readonly limit: number; readonly per: "function" | "function-and-k" | "k" };

/** Names of events that start, resume and cancel. */
export const TRIGGER_EVENTS = ["a", "b", "c"] as const;
export const CANCEL_EVENT = "stop";
export const SIGNALS = ["s0", "s1"] as const;
/** Values of `data.k`: 0 to this, exclusive. */
export const K_BOUND = 3;
/** Values of `data.n`: 0 to this, exclusive. */
export const N_BOUND = 10;

/** Bulk operations with a condition are about runs whose `data.n` is above. */
export const BULK_ABOVE = 4;

/** Every statement of a body, parallel ones included. */
export function* statementsOf(body: readonly Statement[]): Generator<Statement> {
  for (const statement of body) {
    yield statement;
    if (statement.kind === "parallel") for (const branch of statement.branches) yield* statementsOf(branch);
  }
}
