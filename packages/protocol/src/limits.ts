/**
 * Limits of the protocol. Sizes are bytes of UTF-8 JSON, durations milliseconds. Raising one breaks peers that keep the old one;
 * lowering one breaks functions that rely on it.
 *
 * Source: wire-protocol section 14.
 */

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A call's body; with more state than fits, the app fetches it. Hosts commonly refuse larger bodies. */
export const CALL_BODY_BYTES_MAX: number = 4 * MIB;
/** An app's answer after decompression. Bounds what one call can make the server hold in memory. */
export const RESPONSE_BYTES_MAX: number = 8 * MIB;
/** One step's input, and one step's output. A single value must fit into a call's body. */
export const STEP_INPUT_BYTES_MAX: number = 4 * MIB;
export const STEP_OUTPUT_BYTES_MAX: number = 4 * MIB;
/** All stored values of a run together. Each call sends or loads all of them. */
export const RUN_STATE_BYTES_MAX: number = 32 * MIB;
/** Ops in one response. More than the default number of steps can't be meant. */
export const OPS_PER_RESPONSE_MAX = 1_000;
/** Steps of a run. Replay costs grow with them. */
export const STEPS_PER_RUN_DEFAULT = 1_000;
/** What a development server may be told to allow instead. Each step is in every call that follows, so more would cost too much. */
export const STEPS_PER_RUN_MAX = 10_000;
/** One call to an app: longer than any serverless host allows, short enough to notice a lost one the same day. */
export const CALL_MS_MAX: number = 2 * HOUR_MS;
/** Redirects followed in one call. */
export const REDIRECTS_PER_CALL_MAX = 60;

/** Retries when a function doesn't say: 5 attempts. (The official TypeScript SDK's documentation says 3; the server decides.) */
export const RETRIES_DEFAULT = 4;
/** Higher values are lowered to this: with the backoff table, the last retry comes more than a day after the first. */
export const RETRIES_MAX = 20;
/** Bounds of a delay asked for with `Retry-After`; others are clamped. */
export const RETRY_AFTER_MS_MIN: number = SECOND_MS;
export const RETRY_AFTER_MS_MAX: number = DAY_MS;
/** How many times as long a retry's delay may be as the one before: with more, the second retry would mostly be the longest delay. */
export const BACKOFF_FACTOR_MAX = 10;

/** One event, whole. Several must fit into one request, and one into a call's body. */
export const EVENT_BYTES_MAX: number = 3 * MIB;
/** Levels of lists and objects in JSON from outside. Stacks hold a few thousand levels of recursion; people write about ten. */
export const JSON_DEPTH_MAX = 500;
/** Events in one request. */
export const EVENTS_PER_REQUEST_MAX = 5_000;
/** Name of a sent event, in characters. */
export const EVENT_NAME_LENGTH_MAX = 512;
/** Name of a trigger's event, in characters. */
export const TRIGGER_NAME_LENGTH_MAX = 255;
/** Bounds of an event's `ts`, Unix milliseconds: 1980-01-01 and 2100-01-01. Outside, it was seconds or nanoseconds by mistake. */
export const EVENT_TS_MIN = 315_532_800_000;
export const EVENT_TS_MAX = 4_102_444_800_000;
/** Time in which an event id starts a function at most once. */
export const IDEMPOTENCY_MS: number = DAY_MS;

/** Triggers per function: each event is compared with all of them. */
export const TRIGGERS_PER_FUNCTION_MAX = 10;
/** Cancelling events per function: each run stores one listener for each. */
export const CANCELS_PER_FUNCTION_MAX = 5;
/** Step-level concurrency limits per function, and function-level ones. */
export const STEP_CONCURRENCY_LIMITS_MAX = 2;
export const FUNCTION_CONCURRENCY_LIMITS_MAX = 1;

/** Longest sleep: a year and a day, so that "in a year" always fits. */
export const SLEEP_MS_MAX: number = 366 * DAY_MS;
/** Longest wait for an event, a signal or an invoked function. */
export const WAIT_MS_MAX: number = 366 * DAY_MS;
/** Time after which a wait without timeout, or a cancelling listener, ends. */
export const WAIT_MS_DEFAULT: number = 365 * DAY_MS;
/** Most events that one wait can name: each is a row, and all of them go when one comes. */
export const EVENTS_PER_WAIT_MAX = 10;
/** How far a wait can look back: what it finds is searched for event by event. */
export const LOOK_BACK_MS_MAX: number = DAY_MS;

export const DEBOUNCE_PERIOD_MS_MIN: number = SECOND_MS;
export const DEBOUNCE_PERIOD_MS_MAX: number = 7 * DAY_MS;
export const RATE_LIMIT_PERIOD_MS_MAX: number = DAY_MS;
export const CRON_JITTER_MS_MIN: number = SECOND_MS;
export const CRON_JITTER_MS_MAX: number = 5 * MINUTE_MS;
/** A batch of one would be no batch. */
export const BATCH_SIZE_MIN = 2;
export const BATCH_TIMEOUT_MS_MIN: number = SECOND_MS;
/** How far a priority can move a run ahead or back, in seconds: 12 h. Without a bound, others would starve. */
export const PRIORITY_S_MAX = 43_200;

/** Deferred runs of one run; their input together; the metadata of each. */
export const DEFERS_PER_RUN_MAX = 20;
export const DEFER_INPUT_BYTES_MAX: number = 4 * MIB;
export const DEFER_META_BYTES_MAX: number = 32 * KIB;

/** Sessions of an event, of a run; bytes of a key and of a value. */
export const SESSIONS_PER_EVENT_MAX = 5;
export const SESSIONS_PER_RUN_MAX = 25;
export const SESSION_KEY_BYTES_MAX = 128;
export const SESSION_VALUE_BYTES_MAX = 512;

/** Metadata of one update, and of a run. */
export const METADATA_UPDATE_BYTES_MAX: number = 64 * KIB;
export const METADATA_RUN_BYTES_MAX: number = MIB;

/** One realtime message. */
export const REALTIME_MESSAGE_BYTES_MAX: number = 512 * KIB;
/** One piece of a realtime stream, and all pieces together. Small pieces arrive early; the whole is as much as a browser should keep. */
export const REALTIME_CHUNK_BYTES_MAX: number = KIB;
export const REALTIME_STREAM_BYTES_MAX: number = 1_000 * KIB;
/** Subscribers of one topic: each message is sent to all of them in one turn. */
export const REALTIME_SUBSCRIBERS_PER_TOPIC_MAX = 5_000;
/** Topics in one token: tokens travel in URLs, which hosts cut at 8 to 16 KiB. */
export const REALTIME_TOPICS_PER_TOKEN_MAX = 100;
/** Topics that one connection may add up by further tokens. */
export const REALTIME_TOPICS_PER_SUBSCRIBER_MAX = 1_000;
/** Name of a channel or topic, in characters. */
export const REALTIME_NAME_LENGTH_MAX = 512;
/** Time in which a token opens a connection. The connection itself may last longer. */
export const REALTIME_TOKEN_MS: number = MINUTE_MS;
/** The same for the stream of a durable endpoint, which its client may come back to as long as the stream lasts. */
export const REALTIME_STREAM_TOKEN_MS: number = 16 * MINUTE_MS;

/** One frame of a worker: an answer of `RESPONSE_BYTES_MAX` would not leave room for the rest, but answers are far smaller. */
export const CONNECT_FRAME_BYTES_MAX: number = 8 * MIB;
/** Elements of a repeated field, so that a small frame can't become millions of objects. */
export const CONNECT_REPEATED_MAX = 10_000;
/** Apps of one worker. */
export const CONNECT_APPS_MAX = 10;
/** Workers of one server. Each has a socket and, with work, as many calls as it asked for. */
export const CONNECT_WORKERS_MAX = 5_000;
/** Connections that have not shown their token yet: each may make the server read one frame. */
export const CONNECT_HANDSHAKES_MAX = 100;
/** Time in which a new connection must introduce itself. */
export const CONNECT_HELLO_MS_MAX: number = 5 * SECOND_MS;
/** Time in which a session token opens a connection. */
export const CONNECT_TOKEN_MS: number = 5 * MINUTE_MS;
/** Interval of a worker's heartbeats, and how many may be missed. */
export const CONNECT_HEARTBEAT_MS: number = 10 * SECOND_MS;
export const CONNECT_HEARTBEATS_MISSED_MAX = 5;
/** A worker's right to a request, and how often it asks for more. A worker that hangs holds a step for as long; four tries cover a slow one. */
export const CONNECT_LEASE_MS: number = 20 * SECOND_MS;
export const CONNECT_EXTEND_MS: number = 5 * SECOND_MS;
/** Time in which a worker must say that it has a request; then another one gets it. */
export const CONNECT_ACK_MS_MAX: number = 5 * SECOND_MS;
/** Time in which a worker whose connection broke may come back for its requests. */
export const CONNECT_RETURN_MS: number = 5 * SECOND_MS;
/**
 * Time for which the workers of an app's newest version must be gone before an older one takes over: a rollback. A restart of the server, or
 * of all workers, takes less.
 */
export const CONNECT_ROLLBACK_MS: number = 30 * SECOND_MS;
/** Earlier versions of an app that are known as such. */
export const CONNECT_VERSIONS_KEPT_MAX = 50;
/** Calls at the same time where a worker doesn't say. */
export const CONNECT_CONCURRENCY_DEFAULT = 1_000;
/** Workers that are asked in turn to take a request, and workers that may be lost over one item before that counts as a failed attempt. */
export const CONNECT_FORWARDS_MAX = 3;
