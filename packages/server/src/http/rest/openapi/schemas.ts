/** Shapes of answers. Objects of the server's are closed, so that tests find a field that is not described. Spec: wire 11.3, 11.4. */
import { RUN_STATUSES } from "@pawl/protocol";
import type { Schema } from "../../../json-schema.ts";
import { ANY_OBJECT, closed, COUNT, FLAG, listOf, oneOfTexts, ref, text, TIME } from "./operation.ts";

const SPAN_STATUSES = ["UNKNOWN", "RUNNING", "COMPLETED", "FAILED", "WAITING", "CANCELLED", "SKIPPED"];
const STEP_OPS = ["RUN", "SLEEP", "WAIT_FOR_EVENT", "INVOKE", "SEND_EVENT", "AI_GATEWAY", "WAIT_FOR_SIGNAL", "UNSPECIFIED"];
const MILLISECONDS: Schema = { type: "string", description: "Milliseconds, as a decimal number." };
const INSTANT: Schema = { type: "integer", description: "Milliseconds since 1970." };

const SCORE = {
  name: { type: "string", minLength: 1, maxLength: 128 },
  value: { oneOf: [{ type: "number" }, { type: "boolean" }] },
  stepId: { type: "string", minLength: 1, description: "Of a step; not together with `experiment`." },
  experiment: closed({ id: text(), variant: text() }, ["id", "variant"]),
} as const satisfies Readonly<Record<string, Schema>>;

const ANSWER_PARTS: Readonly<Record<string, Schema>> = {
  Metadata: closed({ fetchedAt: TIME, cachedUntil: TIME, timeRange: closed({ from: TIME, until: TIME }) }, ["fetchedAt"]),
  Page: closed({ cursor: text(), hasMore: FLAG, limit: COUNT }),
  Errors: closed({ errors: listOf(closed({ code: text(), message: text() }, ["code", "message"])) }, ["errors"]),
  Refusal: closed({ error: closed({ code: text(), message: text(), hint: text("One next step.") }, ["code", "message"]) }, ["error"]),
};

const ACCOUNT_PARTS: Readonly<Record<string, Schema>> = {
  Account: closed({ id: text(), email: text(), name: text(), createdAt: TIME, updatedAt: TIME }, ["id", "name"]),
  Environment: closed({ id: text(), name: text(), type: text(), createdAt: TIME }, ["id", "name"]),
  Key: closed({ id: text(), name: text(), environment: text(), key: text(), createdAt: TIME }, ["key"]),
};

const APP_PARTS: Readonly<Record<string, Schema>> = {
  App: closed(
    {
      id: text("The app's name."),
      name: text(),
      method: oneOfTexts(["SERVE", "CONNECT", "API"]),
      appVersion: text(),
      createdAt: TIME,
      isArchived: FLAG,
      archivedAt: TIME,
      functionCount: COUNT,
      latestSync: closed({
        status: oneOfTexts(["success", "error"]),
        syncedAt: TIME,
        sdkLanguage: text(),
        sdkVersion: text(),
        framework: text(),
        url: text(),
        error: text(),
        appVersion: text(),
      }),
    },
    ["id", "name"],
  ),
  Sync: closed(
    {
      id: text(),
      status: oneOfTexts(["success", "error"]),
      syncedAt: TIME,
      source: { ...oneOfTexts(["APP", "SERVER", "WORKER"]), description: "Who began: the app, this server by asking it, or a worker." },
      durationMs: MILLISECONDS,
      sdkLanguage: text(),
      sdkVersion: text(),
      framework: text(),
      url: text(),
      error: text("Why it failed: a code or a sentence."),
      appVersion: text(),
      functionCount: COUNT,
      changes: closed({
        app: listOf(ref("ValueChange")),
        addedFunctions: listOf(text()),
        removedFunctions: listOf(text()),
        changedFunctions: listOf(closed({ slug: text(), values: listOf(ref("ValueChange")) }, ["slug"])),
        counts: closed({ added: COUNT, removed: COUNT, changed: COUNT }),
      }),
    },
    ["id", "status", "syncedAt", "source"],
  ),
  ValueChange: closed(
    { path: text("Such as `rateLimit.limit`."), before: text("JSON; absent: none."), after: text("JSON; absent: none.") },
    ["path"],
  ),
  Function: closed(
    {
      id: text("The slug without the app's name."),
      name: text(),
      slug: text(),
      isPaused: FLAG,
      isArchived: FLAG,
      app: closed({ id: text() }, ["id"]),
      triggers: listOf(closed({ type: oneOfTexts(["EVENT", "CRON"]), value: text(), if: text() }, ["type", "value"])),
      failureHandler: closed({ slug: text(), name: text() }, ["slug"]),
      configuration: ref("FunctionConfiguration"),
    },
    ["id", "slug", "app"],
  ),
  FunctionConfiguration: configuration(),
};

function configuration(): Schema {
  const key = text("Expression.");
  const duration = text("Duration, such as `1h30m`.");
  return closed({
    cancellations: listOf(closed({ event: text(), timeout: text(), condition: text() }, ["event"])),
    retries: closed({ value: COUNT, isDefault: FLAG }),
    priority: text("Expression."),
    eventsBatch: closed({ maxSize: COUNT, timeout: duration, key }, ["maxSize"]),
    concurrency: listOf(
      closed({ scope: oneOfTexts(["ACCOUNT", "ENVIRONMENT", "FUNCTION"]), limit: closed({ value: COUNT, isPlanLimit: FLAG }), key }, [
        "scope",
        "limit",
      ]),
    ),
    rateLimit: closed({ limit: COUNT, period: duration, key }, ["limit"]),
    debounce: closed({ period: duration, key }, ["period"]),
    throttle: closed({ burst: COUNT, limit: COUNT, period: duration, key }, ["limit"]),
    singleton: closed({ mode: oneOfTexts(["SKIP", "CANCEL"]), key }, ["mode"]),
  });
}

const RUN_PARTS: Readonly<Record<string, Schema>> = {
  FunctionRun: closed(
    {
      id: text(),
      function: closed({ id: text(), name: text() }, ["id"]),
      app: closed({ id: text() }, ["id"]),
      status: oneOfTexts(RUN_STATUSES),
      queuedAt: TIME,
      startedAt: TIME,
      endedAt: TIME,
      durationMs: MILLISECONDS,
      trigger: closed({ eventIds: listOf(text()), eventName: text(), isBatch: FLAG, batchId: text(), cronSchedule: text() }),
      output: { ...ANY_OBJECT, description: "What the function returned, or its error. What is no object is wrapped as `data`." },
    },
    ["id", "function", "app", "status", "queuedAt", "trigger"],
  ),
  Trace: closed({ runId: text(), rootSpan: ref("Span") }, ["runId"]),
  Span: closed(
    {
      id: text(),
      name: text(),
      status: oneOfTexts(SPAN_STATUSES),
      stepOp: oneOfTexts(STEP_OPS),
      stepId: text(),
      durationMs: MILLISECONDS,
      queuedAt: TIME,
      startedAt: TIME,
      endedAt: TIME,
      input: {},
      output: {},
      metadata: listOf(
        closed({ scope: text(), kind: text(), values: { type: "object", additionalProperties: text("JSON text.") }, updatedAt: TIME }),
      ),
      children: listOf(ref("Span")),
    },
    ["id", "name", "status", "queuedAt"],
  ),
  Score: closed(SCORE, ["name", "value"]),
  // `false` and `0` are left out of answers, as every empty field is.
  StoredScore: closed({ runId: text(), ...SCORE }, ["runId", "name"]),
  OperationEntry: closed(
    {
      id: text("The operation's name, or `mcp.<tool>` for a tool that is none."),
      summary: text(),
      description: text(),
      http: closed({ method: text(), path: text() }, ["method", "path"]),
      mcp: { ...ANY_OBJECT, description: "The tool, as MCP lists it." },
    },
    ["id"],
  ),
  ApiKey: closed(
    {
      id: text(),
      name: text(),
      scopes: listOf(oneOfTexts(["events", "read", "write"])),
      createdAt: INSTANT,
      expiresAt: INSTANT,
      lastUsedAt: INSTANT,
    },
    ["id", "name", "scopes", "createdAt"],
  ),
  Cancellation: closed(
    {
      id: text(),
      account_id: text(),
      environment_id: text(),
      app_id: text(),
      function_id: text(),
      function_internal_id: text(),
      kind: oneOfTexts(["run"]),
      started_after: TIME,
      started_before: TIME,
      if: text(),
      created_at: TIME,
      status: oneOfTexts(["scheduled", "running", "ended", "stopped"]),
      seen: { ...COUNT, description: "Runs looked at." },
      cancelled: COUNT,
    },
    ["id", "app_id", "function_id", "started_before", "created_at", "status", "seen", "cancelled"],
  ),
  PublicError: closed({ code: text(), error: text(), hint: text(), data: { description: "More facts, or null." }, status: COUNT }, [
    "code",
    "error",
    "status",
  ]),
  Bulk: closed(
    {
      id: text(),
      kind: oneOfTexts(["cancel", "replay"]),
      functionSlug: text(),
      from: INSTANT,
      until: INSTANT,
      statuses: listOf(oneOfTexts(RUN_STATUSES)),
      if: text(),
      perSecond: COUNT,
      createdAt: INSTANT,
      beginsAt: INSTANT,
      status: oneOfTexts(["scheduled", "running", "ended", "stopped"]),
      seen: { ...COUNT, description: "Runs looked at." },
      done: { ...COUNT, description: "Runs cancelled, or made." },
      endedAt: INSTANT,
    },
    ["id", "kind", "functionSlug", "until", "statuses", "perSecond", "createdAt", "beginsAt", "status", "seen", "done"],
  ),
};

/** The document's components. */
export const SCHEMAS: Readonly<Record<string, Schema>> = { ...ANSWER_PARTS, ...ACCOUNT_PARTS, ...APP_PARTS, ...RUN_PARTS };
