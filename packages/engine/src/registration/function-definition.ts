/**
 * A function as the engine knows it: one registered configuration, decoded, checked and normalised.
 *
 * I1  Plain data that survives `JSON.stringify` and `JSON.parse` unchanged; an option that was not set has no key.
 * I2  Every expression compiles and every number is within its bounds; see `parseFunctionConfig`.
 * I3  Durations are whole milliseconds.
 *
 * Spec: wire-protocol 4.4; semantics 2.1 and 6.
 */

/** A registered function. */
export type FunctionDefinition = {
  /** `<app>-<function>`; unique and never changed by a sync. */
  readonly slug: string;
  readonly name: string;
  /** Where a step is called; `http:`, `https:`, `ws:` or `wss:`. The server adds `stepId`. */
  readonly url: string;
  /** Tries of one queue item, 1 to 21; default 5. */
  readonly attemptsMax: number;
  /** How long to wait between attempts. Default: the protocol's table. */
  readonly retry?: RetryPolicy;
  /** Tested in order; the first that matches starts the run. Empty for a function that is only invoked. */
  readonly triggers: readonly TriggerDefinition[];
  readonly concurrency: ConcurrencyDefinition;
  /** Expression over `event`: at most one run per value within 24 hours. Applies besides `rateLimit`, it does not replace it. */
  readonly idempotency?: string;
  readonly rateLimit?: RateLimitDefinition;
  readonly throttle?: ThrottleDefinition;
  readonly debounce?: DebounceDefinition;
  readonly batch?: BatchDefinition;
  readonly priority?: PriorityDefinition;
  readonly singleton?: SingletonDefinition;
  /** Any of them that matches cancels the run. */
  readonly cancelOn: readonly CancelDefinition[];
  readonly timeouts: TimeoutsDefinition;
  /** For the SDK's information; the server does not act on it. */
  readonly checkpoint?: CheckpointDefinition;
  /** Set for a durable endpoint: an HTTP handler of the app that starts its runs itself, and is called as its own callers call it. */
  readonly endpoint?: EndpointDefinition;
};

/** `requestVersion` is the one that the SDK names when it reports a run. */
export type EndpointDefinition = { readonly requestVersion: number };

/**
 * Delay before the n-th retry: `constant`: `minMs`; `linear`: n × `minMs`; `exponential`: `minMs` × `factor`^(n − 1); never more than `maxMs`.
 * Up to `jitter` (0 to 1) of it is added at random.
 */
export type RetryPolicy = {
  readonly kind: "exponential" | "linear" | "constant";
  readonly minMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
};

/** What starts a run. */
export type TriggerDefinition = EventTrigger | CronTrigger;

/** `event` is a name or ends in `/*` or `.*`; `condition` is an expression over `event`. */
export type EventTrigger = { readonly kind: "event"; readonly event: string; readonly condition?: string };

/**
 * `cron` has five fields and may start with `TZ=<zone> `. A run starts up to `jitterMs` after its tick. `missed` says which ticks are made
 * up for after the server was down (default `one`: the latest, once); `overlap: false` drops ticks while the last run goes on.
 */
export type CronTrigger = {
  readonly kind: "cron";
  readonly cron: string;
  readonly jitterMs?: number;
  readonly missed?: "all" | "skip";
  readonly overlap?: false;
};

/** `step` counts calls in progress, by ascending limit and at most two; `run` counts runs from their start to their end. */
export type ConcurrencyDefinition = { readonly step: readonly StepConcurrencyLimit[]; readonly run?: RunConcurrencyLimit };

/** Whose calls a limit counts: the function's, or those of all functions with the same key expression in the environment or account. */
export type ConcurrencyScope = "fn" | "env" | "account";

/** At most `limit` (from 1) steps in progress for each value of the key. Scopes other than `fn` always have a key. */
export type StepConcurrencyLimit = { readonly limit: number; readonly scope: ConcurrencyScope; readonly keyExpression?: string };

/** At most `limit` (from 1) unfinished runs for each value of the key. */
export type RunConcurrencyLimit = { readonly limit: number; readonly keyExpression?: string };

/** At most `limit` (from 1) runs within `periodMs` (up to 24 hours); other events start no run. */
export type RateLimitDefinition = { readonly limit: number; readonly periodMs: number; readonly keyExpression?: string };

/** At most `limit` (from 1) starts within `periodMs`, and `burst` (default 0) more at once; others wait. */
export type ThrottleDefinition = {
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly keyExpression?: string;
};

/** A run starts `periodMs` (1 s to 7 d) after the last event, or `timeoutMs` after the first one. */
export type DebounceDefinition = { readonly periodMs: number; readonly timeoutMs?: number; readonly keyExpression?: string };

/** A run starts with `sizeMax` (from 2) events, or `timeoutMs` (from 1 s) after the first. Other events than `condition`'s run alone. */
export type BatchDefinition = {
  readonly sizeMax: number;
  readonly timeoutMs: number;
  readonly keyExpression?: string;
  readonly condition?: string;
};

/** `expression` gives the seconds by which a run is put ahead of others of its function. */
export type PriorityDefinition = { readonly expression: string };

/** One unfinished run for each value of the key: `skip` refuses the new one, `cancel` ends the old one. */
export type SingletonDefinition = { readonly mode: "skip" | "cancel"; readonly keyExpression?: string };

/** An event that cancels a run. `condition` is over `event`, which started the run, and `async`, which just came. */
export type CancelDefinition = { readonly event: string; readonly condition?: string; readonly until: CancelUntil };

/** How long a `cancelOn` listens: a time from the scheduling of the run (default 365 days), or an instant in ms since the epoch. */
export type CancelUntil = { readonly kind: "duration"; readonly ms: number } | { readonly kind: "instant"; readonly at: number };

/** A run is cancelled if it has not started `startMs` after being queued, or not ended `finishMs` after its start. */
export type TimeoutsDefinition = { readonly startMs?: number; readonly finishMs?: number };

/** How the SDK reports steps while a run goes on. */
export type CheckpointDefinition = { readonly batchSteps?: number; readonly batchIntervalMs?: number; readonly runtimeMsMax?: number };
