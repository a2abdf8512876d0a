/**
 * The dashboard's HTTP API, `/ui/v1`: the shapes that server and dashboard share.
 *
 * Instants are milliseconds since the epoch and may carry a fraction; durations are milliseconds. Ids are strings.
 * Lists are newest first and paged by an opaque cursor. Errors are `{ "error": { "code", "message", "hint"? } }`.
 */
import type { RunPhase, RunStatus, StepKind } from "./status.ts";
import type { ReasonCode } from "./reason.ts";

/** `GET /ui/v1/boot`: what the shell needs once. */
export type UiBoot = {
  readonly version: string;
  /** `dev`: open on loopback, `cloud`: started with keys. */
  readonly kind: "dev" | "cloud";
  /** Where data lives: `memory`, `sqlite` or `postgres`. */
  readonly store: string;
  readonly startedAt: number;
  /** Changes so far; the stream continues from here. */
  readonly seq: number;
};

export type UiError = { readonly name: string; readonly message: string; readonly stack?: string; readonly cause?: unknown };

/** Why a run is where it is. Present whenever it isn't moving by itself. */
export type UiReason = {
  readonly code: ReasonCode;
  /** One sentence for people. */
  readonly text: string;
  readonly since: number;
  /** When it can go on at the latest or is tried again; absent where it depends on others. */
  readonly until?: number;
  /** Runs that hold what is waited for: a few of them. */
  readonly holders?: readonly string[];
};

/** One line of the runs list. */
export type UiRunRow = {
  readonly id: string;
  readonly functionSlug: string;
  readonly functionName: string;
  readonly appName: string;
  readonly functionVersion: number;
  readonly status: RunStatus;
  readonly phase: RunPhase;
  readonly reason?: UiReason;
  readonly eventId: string;
  readonly eventName: string;
  /** Events of the run: more than 1 for a batch. */
  readonly eventCount: number;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** The run this one repeats, when it is a rerun. */
  readonly rerunOf?: string;
  /** What a failed run failed with: name and first line of its error. */
  readonly failure?: string;
  /** Steps finished so far. */
  readonly stepsDone: number;
  /** Sequence of the run's last change. A row with a smaller `seq` than the one shown is stale. */
  readonly seq: number;
};

/**
 * `GET /ui/v1/runs?status=FAILED,RUNNING&function=<slug>&app=<name>&event=<name>&from=<ms>&until=<ms>&q=<id prefix or text>&if=<expression>&cursor=&limit=50`
 *
 * `if` is an expression over `event` (the run's first one), `run` (`id`, `status`, `functionId`, `queuedAt`, `startedAt`, `endedAt`), `output`
 * and `error`. One request looks at a bounded number of runs, so a page can be short, or empty, and have a `next` all the same.
 */
export type UiRunList = { readonly items: readonly UiRunRow[]; readonly next?: string };

/** One HTTP call to the app for a span. */
export type UiAttempt = {
  /** Zero-based. */
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome: "running" | "completed" | "failed" | "lost";
  readonly error?: UiError;
  /** When the next attempt is due, for a failed one that is retried. */
  readonly retryAt?: number;
  /** HTTP status of the app's answer, where there was one. */
  readonly httpStatus?: number;
};

/** One bar of the timeline: a step, or the run's own code (`kind: "function"`). */
export type UiSpan = {
  /** The hashed step id; `function` for the run's own code. */
  readonly id: string;
  readonly kind: StepKind;
  readonly name: string;
  /** The id as the user wrote it, with its index when repeated. */
  readonly userlandId?: string;
  readonly status: "queued" | "running" | "waiting" | "retrying" | "completed" | "failed" | "cancelled" | "timed_out";
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly attempts: readonly UiAttempt[];
  /** JSON text of the input as recorded (arguments, event name, duration …). */
  readonly input?: string;
  /** JSON text of the output. */
  readonly output?: string;
  readonly error?: UiError;
  readonly reason?: UiReason;
  /** Sleeps: when it ends. Waits and invokes: when it times out. */
  readonly until?: number;
  readonly wait?: { readonly eventName?: string; readonly expression?: string; readonly signal?: string; readonly matchedEventId?: string };
  readonly invoke?: { readonly functionSlug: string; readonly runId?: string };
};

export type UiEventRow = {
  /** Internal id (ULID). */
  readonly id: string;
  readonly name: string;
  /** The id given by the sender, when it differs. */
  readonly externalId?: string;
  readonly receivedAt: number;
  readonly ts: number;
  /** JSON text of `data`. */
  readonly data: string;
  readonly internal: boolean;
  /** Runs it started. */
  readonly runs: readonly { readonly id: string; readonly functionSlug: string; readonly status: RunStatus }[];
  /** Functions that it named and did not start, and why. */
  readonly outcomes?: readonly { readonly functionSlug: string; readonly reason: ReasonCode; readonly detail?: string }[];
};

/** A span that the user's own tracing reported. Times in milliseconds since the epoch, with a fraction. */
export type UiUserSpan = {
  readonly id: string;
  /** Another of these. */
  readonly parentId?: string;
  /** Hash of the step that it belongs to; absent for the function's own code. */
  readonly stepId?: string;
  /** Zero-based attempt of the step, where it is known. */
  readonly attempt?: number;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage?: string;
  /** Name of the library that made it. */
  readonly scope?: string;
  /** JSON text of an object. */
  readonly attributes: string;
};

/** `GET /ui/v1/runs/:id` */
export type UiRunDetail = {
  readonly run: UiRunRow;
  readonly events: readonly UiEventRow[];
  /** JSON text of what the function returned. */
  readonly output?: string;
  readonly error?: UiError;
  /** In order of appearance. */
  readonly spans: readonly UiSpan[];
  /** By their starts. */
  readonly userSpans?: readonly UiUserSpan[];
  readonly childRuns: readonly string[];
  readonly canCancel: boolean;
  /** The schedule that started it. */
  readonly cron?: string;
  /** Why it was cancelled or skipped, for people. */
  readonly endReason?: string;
  /** The bulk operation that made it. */
  readonly bulkId?: string;
  /** Scores, experiments, the user's own values. `stepId` is empty for the run's; `values` is JSON text. */
  readonly metadata?: readonly { readonly stepId: string; readonly kind: string; readonly values: string; readonly updatedAt: number }[];
  /** Functions that are started when it has ended. */
  readonly defers?: readonly {
    readonly functionSlug: string;
    readonly status: "after-run" | "aborted" | "rejected";
    readonly reason?: string;
  }[];
  /** Labels: pairs of key and id. */
  readonly sessions?: readonly (readonly [string, string])[];
};

/** `GET /ui/v1/events/:id` gives one `UiEventRow`. `GET /ui/v1/events?name=&internal=true|false&if=<expression over event>&cursor=&limit=50` */
export type UiEventList = { readonly items: readonly UiEventRow[]; readonly next?: string };

/** `nextAt`: when a schedule ticks next; absent for one that doesn't tick any more. */
export type UiTrigger = { readonly event?: string; readonly expression?: string; readonly cron?: string; readonly nextAt?: number };

type UiLimit = { readonly limit: number; readonly keyExpression?: string };

/** What a function asks for, with the defaults filled in; what it doesn't ask for is absent. */
export type UiFunctionOptions = {
  readonly attemptsMax: number;
  /** Delays between attempts; absent: the protocol's table. */
  readonly retry?: { readonly kind: "exponential" | "linear" | "constant"; readonly minMs: number; readonly maxMs: number };
  readonly concurrency: { readonly step: readonly (UiLimit & { readonly scope: "fn" | "env" | "account" })[]; readonly run?: UiLimit };
  readonly idempotency?: string;
  readonly rateLimit?: UiLimit & { readonly periodMs: number };
  readonly throttle?: UiLimit & { readonly periodMs: number; readonly burst: number };
  readonly debounce?: { readonly periodMs: number; readonly timeoutMs?: number; readonly keyExpression?: string };
  readonly batch?: { readonly sizeMax: number; readonly timeoutMs: number; readonly keyExpression?: string; readonly condition?: string };
  readonly priority?: { readonly expression: string };
  readonly singleton?: { readonly mode: "skip" | "cancel"; readonly keyExpression?: string };
  readonly cancelOn: readonly { readonly event: string; readonly condition?: string }[];
  readonly timeouts: { readonly startMs?: number; readonly finishMs?: number };
};

export type UiFunction = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly appName: string;
  readonly version: number;
  readonly triggers: readonly UiTrigger[];
  readonly options: UiFunctionOptions;
  /** The registered configuration, as JSON text. */
  readonly config: string;
  /** Set while it is paused. */
  readonly paused?: { readonly mode: UiPauseMode; readonly since: number };
};

/**
 * `POST /ui/v1/functions/:slug/pause` with `{ mode }` (default `hold`), `POST …/resume` → `{ "ok": true }`.
 * `hold`: new runs wait; `drop`: new events start nothing; `drain`: new events start nothing, and what is queued goes on.
 */
export type UiPauseMode = "hold" | "drop" | "drain";

/** `GET /ui/v1/functions` */
export type UiFunctionList = { readonly items: readonly UiFunction[] };

/** `POST /ui/v1/events`: body and answer. `data` must be a JSON object. */
export type UiSendEvent = { readonly name: string; readonly data: unknown; readonly id?: string };
export type UiSendEventResult = { readonly ids: readonly string[] };

/** `POST /ui/v1/runs/:id/cancel` → `{ "ok": true }`; 404 unknown, 409 already ended. */
export type UiOk = { readonly ok: true };
/** `POST /ui/v1/runs/:id/rerun` with `{ fromStep?: { stepId, input?: [] } }` → the new run's id. */
export type UiRerunResult = { readonly runId: string };

/**
 * `GET /ui/v1/stream`: server-sent events. `event: changes` carries this; at most 4 a second, coalesced to the last state of each run.
 * `event: reset` means that the gap since `Last-Event-ID` is too old: fetch again. A comment line is the heartbeat, every 15 s.
 */
export type UiChanges = {
  readonly seq: number;
  /** Last state of each run that changed. */
  readonly runs: readonly UiRunRow[];
  /** True when apps or functions changed. */
  readonly appsChanged: boolean;
  /** Events received since the last message. */
  readonly eventsReceived: number;
};

/**
 * A bulk operation. `POST /ui/v1/bulks` with `{ kind, functionSlug, from?, until?, statuses?, if?, perSecond?, delayMs? }` makes one;
 * it begins `delayMs` (default 10,000) later. `GET /ui/v1/bulks` lists them, newest first. `DELETE /ui/v1/bulks/:id` undoes one that has
 * not begun, and stops one that has: `{ "result": "undone" | "stopped" }`.
 */
export type UiBulk = {
  readonly id: string;
  readonly kind: "cancel" | "replay";
  readonly functionSlug: string;
  /** Runs scheduled from this instant on. */
  readonly from?: number;
  /** Runs scheduled before this instant. */
  readonly until: number;
  /** Empty: any that the kind makes sense for. */
  readonly statuses: readonly RunStatus[];
  /** Condition over `event`. */
  readonly if?: string;
  /** New runs each second. */
  readonly perSecond: number;
  readonly createdAt: number;
  readonly beginsAt: number;
  readonly status: "scheduled" | "running" | "ended" | "stopped";
  /** Runs looked at. */
  readonly seen: number;
  /** Runs cancelled, or made. */
  readonly done: number;
  readonly endedAt?: number;
};

export type UiBulkList = { readonly items: readonly UiBulk[] };

/**
 * A key for programs. `GET /ui/v1/keys` lists them, `POST /ui/v1/keys` with `{ name, scopes, expiresAt? }` makes one and tells its secret
 * once, `DELETE /ui/v1/keys/:id` takes it back. `events`: send events and invoke; `read`; `write`: everything.
 */
export type UiApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ("events" | "read" | "write")[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** When it last opened something. Counted since the server's start; absent: not since then. */
  readonly lastUsedAt?: number;
};
export type UiApiKeyList = { readonly items: readonly UiApiKey[] };
export type UiNewApiKey = { readonly key: UiApiKey; readonly secret: string };

/** `GET /ui/v1/access`: which keys the server asks for. Of its own ones as much is told as tells them apart: `signkey-prod-…1f2e`. */
export type UiAccess = {
  /** False: in development without a signing key whoever reaches the server may do everything, and API keys open nothing more. */
  readonly isKeyNeeded: boolean;
  /** False: any text is taken for an event key. */
  readonly isEventKeyNeeded: boolean;
  /** The one that signs, and the one that is accepted beside it while keys are rotated. */
  readonly signingKeys: readonly string[];
  readonly eventKeys: readonly string[];
};
