/**
 * Scripts of runs for the mock server: what a function will do, as times relative to its start. A run at any instant is then a pure
 * function of its script (snapshot.ts).
 */
import type { StepKind, UiError } from "@pawl/protocol";

/** One call to the app. Times in milliseconds after the run was queued. */
export type PlannedCall = { readonly from: number; readonly to: number; readonly error?: UiError; readonly httpStatus: number };

export type PlannedStep = {
  readonly id: string;
  readonly kind: StepKind;
  readonly name: string;
  readonly queuedAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly isFailure: boolean;
  readonly isTimeout: boolean;
  readonly calls: readonly PlannedCall[];
  readonly input?: unknown;
  readonly output?: unknown;
  readonly until?: number;
  readonly eventName?: string;
  readonly expression?: string;
  readonly invokes?: string;
};

export type Script = {
  readonly heldMs: number;
  readonly endedAt: number;
  readonly isFailure: boolean;
  readonly output?: unknown;
  readonly steps: readonly PlannedStep[];
  /** Calls to the function's own code between steps. */
  readonly calls: readonly PlannedCall[];
};

type StepOptions = { readonly input?: unknown; readonly output?: unknown };
type RetryOptions = StepOptions & {
  readonly failures: number;
  readonly error: UiError;
  readonly backoffMs: number;
  readonly isFatal?: boolean;
};
type WaitOptions = {
  readonly ms: number;
  readonly timeoutMs: number;
  readonly eventName?: string;
  readonly expression?: string;
  readonly invokes?: string;
  readonly output?: unknown;
};

/** Time that an item spends in the queue, and that the function takes to say what is next. */
const QUEUE_MS = 4;
const REPLAY_MS = 9;

/** Builds a script step by step. Deterministic for the same `random`. */
export class ScriptBuilder {
  readonly #steps: PlannedStep[] = [];
  readonly #calls: PlannedCall[] = [];
  readonly #random: () => number;
  readonly #heldMs: number;
  #at: number;
  #isFailure = false;

  constructor(random: () => number, heldMs = 0) {
    this.#random = random;
    this.#heldMs = heldMs;
    this.#at = heldMs + QUEUE_MS;
    this.#replay();
  }

  /** A step that takes about `ms`. */
  run(name: string, ms: number, options: StepOptions = {}): this {
    return this.parallel([{ name, ms, ...options }]);
  }

  /** Steps side by side. */
  parallel(branches: readonly (StepOptions & { readonly name: string; readonly ms: number })[]): this {
    const begin = this.#at;
    let end = begin;
    for (const [index, branch] of branches.entries()) {
      const from = begin + QUEUE_MS + index * 1.5 * this.#random();
      const to = from + this.#jitter(branch.ms);
      this.#add({
        kind: "run",
        name: branch.name,
        queuedAt: begin,
        startedAt: from,
        endedAt: to,
        calls: [call(from, to)],
        ...pick(branch),
      });
      end = Math.max(end, to);
    }
    this.#at = end;
    return this.#replay();
  }

  /** A step that fails some times before it succeeds, or for good. */
  retry(name: string, ms: number, options: RetryOptions): this {
    const queuedAt = this.#at;
    const calls: PlannedCall[] = [];
    for (let attempt = 0; attempt <= options.failures; attempt += 1) {
      const from = this.#at + QUEUE_MS;
      const to = from + this.#jitter(ms);
      const isLast = attempt === options.failures;
      calls.push(isLast && options.isFatal !== true ? call(from, to) : { ...call(from, to), error: options.error, httpStatus: 500 });
      this.#at = isLast ? to : to + options.backoffMs * 2 ** attempt;
    }
    const isFailure = options.isFatal === true;
    this.#add({
      kind: "run",
      name,
      queuedAt,
      startedAt: calls[0]?.from ?? queuedAt,
      endedAt: this.#at,
      calls,
      isFailure,
      ...pick(options),
    });
    this.#isFailure = isFailure;
    return this.#replay();
  }

  /** A sleep. */
  sleep(name: string, ms: number): this {
    this.#add({
      kind: "sleep",
      name,
      queuedAt: this.#at,
      startedAt: this.#at,
      endedAt: this.#at + ms,
      calls: [],
      until: this.#at + ms,
      input: { duration: `${Math.round(ms / 1_000)}s` },
    });
    this.#at += ms;
    return this.#replay();
  }

  /** A wait for an event, or for an invoked function; times out when `ms` exceeds `timeoutMs`. */
  wait(name: string, options: WaitOptions): this {
    const ms = Math.min(options.ms, options.timeoutMs);
    this.#add({
      kind: options.invokes === undefined ? "wait-for-event" : "invoke",
      name,
      queuedAt: this.#at,
      startedAt: this.#at,
      endedAt: this.#at + ms,
      until: this.#at + options.timeoutMs,
      isTimeout: options.ms > options.timeoutMs,
      calls: [],
      ...(options.eventName === undefined ? {} : { eventName: options.eventName }),
      ...(options.expression === undefined ? {} : { expression: options.expression }),
      ...(options.invokes === undefined ? {} : { invokes: options.invokes }),
      output: options.ms > options.timeoutMs ? null : options.output,
    });
    this.#at += ms;
    return this.#replay();
  }

  /** The finished script. */
  end(output?: unknown): Script {
    const base = { heldMs: this.#heldMs, endedAt: this.#at, isFailure: this.#isFailure, steps: this.#steps, calls: this.#calls };
    return this.#isFailure ? base : { ...base, output };
  }

  #add(step: Omit<PlannedStep, "id" | "isFailure" | "isTimeout"> & Partial<PlannedStep>): void {
    this.#steps.push({ id: `${step.name}-${this.#steps.length}`, isFailure: false, isTimeout: false, ...step });
  }

  #replay(): this {
    const from = this.#at;
    this.#at = from + this.#jitter(REPLAY_MS);
    this.#calls.push(call(from, this.#at));
    return this;
  }

  #jitter(ms: number): number {
    return ms * (0.7 + this.#random() * 0.6);
  }
}

function call(from: number, to: number): PlannedCall {
  return { from, to, httpStatus: 206 };
}

function pick({ input, output }: StepOptions): StepOptions {
  return { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
}
