/**
 * What has happened since the process began: plain numbers that the hooks (`metrics.ts`) raise and a scrape reads.
 *
 * I1  Numbers only grow.
 * I2  There are at most `FUNCTIONS_MAX` meters of functions; what others do is counted together, under an empty name.
 */
import type { ReasonCode } from "@pawl/protocol";
import { Histogram } from "./histogram.ts";

/** Seconds: from a call in the same process to a slow model's answer. */
const CALL_BOUNDS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];
/** Seconds: a commit takes less than a millisecond on a good disk and seconds on one that stalls. */
const COMMIT_BOUNDS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** A function has some 50 series; more of them than this and a scrape would take megabytes. */
const FUNCTIONS_MAX = 5_000;

type RunOutcome = "completed" | "failed" | "cancelled";
type StepOutcome = "completed" | "failed" | "timed_out";
/** `ok`: the app answered, with a result or with steps. `error`: it answered that it failed. `unreachable`: nothing usable came back. */
export type CallOutcome = "ok" | "error" | "unreachable";

export type FunctionMeter = {
  runsScheduled: number;
  runsStarted: number;
  readonly runsEnded: Record<RunOutcome, number>;
  readonly stepsEnded: Record<StepOutcome, number>;
  /** Attempts that failed and are repeated. */
  retries: number;
  callsScheduled: number;
  callsStarted: number;
  readonly callsEnded: Record<CallOutcome, number>;
  /** Calls that were not made, because no worker took them; they are made later. */
  callsHeld: number;
  readonly callSeconds: Histogram;
  /** From the instant at which a run was due to its first call. */
  readonly startSeconds: Histogram;
};

export class Meters {
  readonly #functions = new Map<string, FunctionMeter>();
  readonly outcomes: Map<ReasonCode, number> = new Map();
  eventsSent = 0;
  eventsMade = 0;
  commits = 0;
  conflicts = 0;
  commitFailures = 0;
  readonly commitSeconds: Histogram = new Histogram(COMMIT_BOUNDS_S);

  /** By id, in the order of their first appearance. */
  get functions(): ReadonlyMap<string, FunctionMeter> {
    return this.#functions;
  }

  /** The meter of a function (I2). */
  of(functionId: string): FunctionMeter {
    const known = this.#functions.get(functionId);
    if (known !== undefined) return known;
    if (functionId !== "" && this.#functions.size >= FUNCTIONS_MAX) return this.of("");
    const meter = newMeter();
    this.#functions.set(functionId, meter);
    return meter;
  }

  countOutcome(reason: ReasonCode): void {
    this.outcomes.set(reason, (this.outcomes.get(reason) ?? 0) + 1);
  }
}

function newMeter(): FunctionMeter {
  return {
    runsScheduled: 0,
    runsStarted: 0,
    runsEnded: { completed: 0, failed: 0, cancelled: 0 },
    stepsEnded: { completed: 0, failed: 0, timed_out: 0 },
    retries: 0,
    callsScheduled: 0,
    callsStarted: 0,
    callsEnded: { ok: 0, error: 0, unreachable: 0 },
    callsHeld: 0,
    callSeconds: new Histogram(CALL_BOUNDS_S),
    startSeconds: new Histogram(CALL_BOUNDS_S),
  };
}
