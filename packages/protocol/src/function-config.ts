/**
 * Registration: the configuration of functions as apps send it, and the bodies around it.
 *
 * I1  The server reads the keys without regard to case; absent and `null` mean the same.
 *
 * Source: wire-protocol sections 4.3, 4.4 and 4.6.
 */

export type FunctionConfig = {
  /** Slug, `<app>-<function>`. */
  readonly id: string;
  readonly name: string;
  readonly triggers: readonly TriggerConfig[];
  /** Exactly one entry, keyed `step`. */
  readonly steps: Readonly<Record<string, StepConfig>>;
  /** Used when the step has none. */
  readonly retries?: number | null;
  /** CEL over `event`; at most one run per value within 24 h. */
  readonly idempotency?: string | null;
  readonly batchEvents?: BatchConfig | null;
  readonly rateLimit?: RateLimitConfig | null;
  readonly throttle?: ThrottleConfig | null;
  readonly debounce?: DebounceConfig | null;
  readonly priority?: PriorityConfig | null;
  readonly concurrency?: ConcurrencyConfig | null;
  readonly timeouts?: TimeoutsConfig | null;
  readonly cancel?: readonly CancelConfig[] | null;
  readonly singleton?: SingletonConfig | null;
  readonly checkpoint?: CheckpointConfig | null;
};

export type TriggerConfig = EventTriggerConfig | CronTriggerConfig;
export type EventTriggerConfig = { readonly event: string; readonly expression?: string | null };
/**
 * `cron` has 5 fields and may start with `TZ=<zone> `; `jitter` is a duration from 1 s to 5 min. `missed` and `overlap` are ours and not
 * the protocol's.
 */
export type CronTriggerConfig = {
  readonly cron: string;
  readonly jitter?: string | null;
  readonly missed?: "one" | "all" | "skip";
  readonly overlap?: boolean;
};

export type StepConfig = {
  readonly id: string;
  readonly name: string;
  readonly runtime: { readonly type?: string; readonly url: string };
  /** Retries, not attempts: 0 means one attempt. */
  readonly retries?: { readonly attempts?: number | null; readonly backoff?: BackoffConfig | null } | null;
};

/** Ours, not the protocol's: how long to wait between attempts. `min` and `max` are durations. */
export type BackoffConfig = {
  readonly kind?: "exponential" | "linear" | "constant";
  readonly min: string;
  readonly max?: string;
  readonly factor?: number;
  readonly jitter?: number;
};

/** `timeout` is a Go duration of at least 1 s; `if` is CEL: other events start a run of their own. */
export type BatchConfig = { readonly maxSize: number; readonly timeout: string; readonly key?: string | null; readonly if?: string | null };
/** Excess events start no run. */
export type RateLimitConfig = { readonly limit: number; readonly period: string; readonly key?: string | null };
/** Excess runs are delayed. */
export type ThrottleConfig = {
  readonly limit: number;
  readonly period: string;
  readonly burst?: number | null;
  readonly key?: string | null;
};
export type DebounceConfig = { readonly period: string; readonly key?: string | null; readonly timeout?: string | null };
/** `run`: CEL that yields seconds to be ahead of (positive) or behind others. */
export type PriorityConfig = { readonly run?: string | null };
export type ConcurrencyScope = "fn" | "env" | "account";
export type ConcurrencyLimitConfig = { readonly limit: number; readonly key?: string | null; readonly scope?: string | null };
export type ConcurrencyConfig =
  | number
  | ConcurrencyLimitConfig
  | readonly ConcurrencyLimitConfig[]
  | { readonly fn?: readonly ConcurrencyLimitConfig[] | null; readonly step?: readonly ConcurrencyLimitConfig[] | null };
export type TimeoutsConfig = { readonly start?: string | null; readonly finish?: string | null };
/** `timeout` is a duration or an RFC 3339 date; absent: one year. */
export type CancelConfig = { readonly event: string; readonly if?: string | null; readonly timeout?: string | null };
export type SingletonConfig = { readonly mode: "skip" | "cancel"; readonly key?: string | null };
/** Durations are strings or integers of nanoseconds. */
export type CheckpointConfig = {
  readonly batch_steps?: number | null;
  readonly batch_interval?: string | number | null;
  readonly max_runtime?: string | number | null;
};

/** Features that an app declares. */
export type AppCapabilities = Readonly<Record<string, string>>;

/** `POST /fn/register`. */
export type RegisterRequest = {
  readonly url: string;
  readonly deployType: "ping" | "connect";
  readonly framework: string;
  readonly appName: string;
  readonly appVersion?: string;
  readonly functions: readonly FunctionConfig[];
  /** `<language>:v<version>`. */
  readonly sdk: string;
  readonly v: string;
  readonly deployId?: string;
  readonly capabilities?: AppCapabilities;
  readonly headers?: { readonly env?: string; readonly platform?: string };
  readonly idempotencyKey?: string;
  readonly featureObservations?: unknown;
};

/** Answer of `POST /fn/register`; failures carry `error` and, mostly, `status`. */
export type RegisterReply = {
  readonly ok?: boolean;
  readonly modified?: boolean;
  readonly skipped?: boolean;
  readonly sync_id?: string;
  readonly app_id?: string;
  readonly message?: string;
  readonly error?: string;
  readonly code?: string;
  readonly status?: number;
};

/** Body of the server's PUT to the app. */
export type SyncRequest = { readonly url: string };

/** The app's answer to an in-band sync. */
export type InBandSyncReply = {
  readonly app_id: string;
  readonly appVersion?: string;
  readonly capabilities?: AppCapabilities;
  readonly env: string | null;
  readonly framework: string | null;
  readonly functions: readonly FunctionConfig[];
  readonly inspection: Readonly<Record<string, unknown>>;
  readonly platform: string | null;
  readonly sdk_author: string;
  readonly sdk_language: string;
  readonly sdk_version: string;
  readonly sdk?: string;
  readonly url: string;
  readonly featureObservations?: unknown;
};
