/**
 * What the server sends to an app to have a function executed, and how stored results look in it.
 *
 * Source: wire-protocol sections 5.1, 5.4 and 5.6.
 */

/** Body of a call: `POST <step URL>?fnId=…&stepId=…`. */
export type CallRequest = {
  /** First event; present even when `use_api` is true. */
  readonly event: CallEvent;
  /** All events of a batch; 1 for other runs; empty when the payload had to be cut. */
  readonly events: readonly CallEvent[];
  /** Memoised state: step hash to stored value. */
  readonly steps: Readonly<Record<string, MemoizedValue>>;
  /** Deferred runs already recorded, by hash. */
  readonly defers?: Readonly<Record<string, { readonly abortable: boolean }>>;
  readonly ctx: CallContext;
  /** `-1` on the first call of a run, afterwards what the app answered. */
  readonly version: number;
  /** Same as `ctx.use_api`. */
  readonly use_api: boolean;
};

export type CallContext = {
  /** ULID. */
  readonly run_id: string;
  /** UUID of the function; checkpoints need it. */
  readonly fn_id: string;
  readonly env: string;
  /** Protocol step, always `step`. */
  readonly step_id: string;
  /** Zero-based attempt of this queue item. */
  readonly attempt: number;
  /** Retries + 1. */
  readonly max_attempts: number;
  readonly stack: CallStack;
  /** Opaque reference to the queue item; echoed in checkpoints. */
  readonly qi_id: string;
  readonly request_id?: string;
  /** Absent when 0. */
  readonly generation_id?: number;
  readonly job_id?: string;
  /** True: plan steps, don't run a newly found one in place. */
  readonly disable_immediate_execution: boolean;
  /** True: `steps` (and maybe `events`) were left out and must be fetched. */
  readonly use_api: boolean;
};

/** Hashes of finished steps in the order they finished; `current` is the index of this request. */
export type CallStack = { readonly stack: readonly string[] | null; readonly current: number };

/** An event as it is delivered to functions. */
export type CallEvent = {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id: string;
  /** Unix milliseconds. */
  readonly ts: number;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly v?: string;
  readonly meta?: { readonly sessions?: Readonly<Record<string, string>> };
};

/**
 * A stored value. An object with exactly one of the keys `data`, `error`, `input` is a wrapper; `null` is a finished sleep or a
 * timed out wait; anything else stands for itself (for example the bare event of a wait).
 */
export type MemoizedValue = unknown;
export type MemoizedData = { readonly data: unknown };
export type MemoizedError = { readonly error: SerializedError };
/** The step has not finished; run it with these arguments instead of the coded ones. */
export type MemoizedInput = { readonly input: readonly unknown[] };

/** An error as JSON. */
export type SerializedError = {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly data?: unknown;
  readonly cause?: unknown;
  readonly noRetry?: boolean;
  readonly __serialized?: true;
};
