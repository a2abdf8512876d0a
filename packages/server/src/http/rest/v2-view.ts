/** Shapes of REST v2, before empty fields are left out. Spec: wire 11.4. */
import { type AppRow, batchUlidOf, type FunctionRow, type Metadata, type RunRow, type SyncRow, type ValueChange } from "@pawl/engine";
import type { StepKind, UiSpan } from "@pawl/protocol";
import type { Registry } from "../../core/registry.ts";
import { isRecord } from "../../json.ts";
import type { RunFacts } from "../ui/run-facts.ts";
import { FUNCTION_SPAN_ID, spansOf } from "../ui/span-view.ts";
import { parseJson } from "../ui/stored-json.ts";
import { configurationOf, triggersOf } from "./function-configuration.ts";
import { rfc3339 } from "./identity.ts";

type Shape = Readonly<Record<string, unknown>>;

/** An App. */
export function appShape(app: AppRow, functionCount: number): Shape {
  return {
    id: app.name,
    name: app.name,
    method: app.method.toUpperCase(),
    appVersion: app.appVersion,
    createdAt: rfc3339(app.createdAt),
    isArchived: app.archivedAt !== undefined,
    archivedAt: rfc3339(app.archivedAt),
    functionCount,
    latestSync: {
      status: app.error === undefined ? "success" : "error",
      syncedAt: rfc3339(app.syncedAt),
      ...sdkFields(app.sdk),
      framework: app.framework,
      url: app.url,
      error: app.error,
      appVersion: app.appVersion,
    },
  };
}

/** A sync: what an app registered, and what that changed. */
export function syncShape(sync: SyncRow): Shape {
  const { app, added, removed, changed, more } = sync.diff;
  return {
    id: sync.id,
    status: sync.error === undefined ? "success" : "error",
    syncedAt: rfc3339(sync.at),
    source: sync.source.toUpperCase(),
    durationMs: sync.durationMs === undefined ? undefined : String(sync.durationMs),
    ...sdkFields(sync.sdk),
    framework: sync.framework,
    url: sync.url,
    error: sync.error,
    appVersion: sync.appVersion,
    functionCount: sync.functionCount,
    changes: {
      app: app.map(changeShape),
      addedFunctions: added,
      removedFunctions: removed,
      changedFunctions: changed.map(({ slug, changes }) => ({ slug, values: changes.map(changeShape) })),
      counts: more,
    },
  };
}

function changeShape({ path, before, after }: ValueChange): Shape {
  return { path, before, after };
}

function sdkFields(sdk: string): Shape {
  const [sdkLanguage = "", sdkVersion = ""] = sdk.split(":");
  return { sdkLanguage, sdkVersion };
}

/** A Function. Its `id` is the slug without the app's name. */
export function functionShape(row: FunctionRow, registry: Registry): Shape {
  const app = registry.appById(row.appId);
  const failure = registry.functionBySlug(`${row.slug}-failure`);
  return {
    id: localIdOf(row, app),
    name: row.name,
    slug: row.slug,
    isPaused: row.paused !== undefined,
    isArchived: row.archivedAt !== undefined,
    app: { id: app?.name },
    triggers: triggersOf(row.definition).map(({ type, value, condition }) => ({ type, value, if: condition })),
    failureHandler: failure === undefined ? undefined : { slug: failure.slug, name: failure.name },
    configuration: configurationOf(row.definition),
  };
}

/** A FunctionRun. An output that is no object is wrapped. */
export function runShape(
  run: RunRow,
  { registry, includeOutput }: { readonly registry: Registry; readonly includeOutput: boolean },
): Shape {
  const row = registry.functionById(run.functionId);
  const app = registry.appById(run.appId);
  const batchId = batchUlidOf(run);
  const output = includeOutput ? parseJson(run.output ?? run.error) : undefined;
  return {
    id: run.id,
    function: { id: row === undefined ? run.functionId : localIdOf(row, app), name: row?.name },
    app: { id: app?.name ?? run.appId },
    status: run.status,
    queuedAt: rfc3339(run.queuedAt),
    startedAt: rfc3339(run.startedAt),
    endedAt: rfc3339(run.endedAt),
    durationMs: run.endedAt === undefined ? undefined : String(Math.round(run.endedAt - (run.startedAt ?? run.queuedAt))),
    trigger: {
      eventIds: run.eventIds,
      eventName: run.eventName,
      isBatch: run.eventIds.length > 1 || batchId !== undefined,
      batchId,
      cronSchedule: run.cron,
    },
    output: output === undefined || output === null || isRecord(output) ? output : { data: output },
  };
}

/** A Trace: the function's span with the steps as its children, and attempts as theirs. */
export function traceShape(facts: RunFacts, includeOutput: boolean): Shape {
  const [root, ...steps] = spansOf(facts);
  if (root === undefined) return { runId: facts.run.id };
  const metadataOf = (stepId: string): readonly Shape[] =>
    (facts.metadata ?? []).filter((entry) => entry.stepId === stepId).map(metadataShape);
  const children = steps.map((span) => ({
    ...spanShape(span, { includeOutput, children: attemptShapes(span) }),
    metadata: metadataOf(span.id),
  }));
  const skipped = facts.run.status === "SKIPPED" ? { status: "SKIPPED" } : {};
  return { runId: facts.run.id, rootSpan: { ...spanShape(root, { includeOutput, children }), ...skipped, metadata: metadataOf("") } };
}

/** Each value is JSON text. */
function metadataShape({ stepId, kind, values, updatedAt }: Metadata): Shape {
  const texts = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));
  return { scope: stepId === "" ? "run" : "step", kind, values: texts, updatedAt: rfc3339(updatedAt) };
}

const SPAN_STATUS: Readonly<Record<UiSpan["status"], string>> = {
  queued: "RUNNING",
  running: "RUNNING",
  retrying: "RUNNING",
  waiting: "WAITING",
  completed: "COMPLETED",
  timed_out: "COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
};

const STEP_OP: Readonly<Record<StepKind, string | undefined>> = {
  function: undefined,
  run: "RUN",
  sleep: "SLEEP",
  "wait-for-event": "WAIT_FOR_EVENT",
  "wait-for-signal": "WAIT_FOR_SIGNAL",
  invoke: "INVOKE",
  "send-event": "SEND_EVENT",
  "ai-gateway": "AI_GATEWAY",
  gateway: "UNSPECIFIED",
};

function spanShape(
  span: UiSpan,
  { includeOutput, children }: { readonly includeOutput: boolean; readonly children: readonly Shape[] },
): Shape {
  const isRoot = span.id === FUNCTION_SPAN_ID;
  return {
    id: span.id,
    name: isRoot ? "Run" : span.name,
    status: SPAN_STATUS[span.status],
    stepOp: STEP_OP[span.kind],
    stepId: isRoot ? undefined : span.id,
    ...timesOf(span),
    input: includeOutput ? parseJson(span.input) : undefined,
    output: includeOutput ? wrapped(span) : undefined,
    children,
  };
}

/** A step that succeeded at once has no attempts to show. */
function attemptShapes(span: UiSpan): readonly Shape[] {
  if (span.attempts.length < 2) return [];
  return span.attempts.map((attempt) => ({
    id: `${span.id}/${attempt.attempt}`,
    name: `Attempt ${attempt.attempt}`,
    status: attempt.outcome === "running" ? "RUNNING" : attempt.outcome === "completed" ? "COMPLETED" : "FAILED",
    ...timesOf({ ...attempt, queuedAt: attempt.startedAt }),
  }));
}

function timesOf({ queuedAt, startedAt, endedAt }: Pick<UiSpan, "queuedAt" | "startedAt" | "endedAt">): Shape {
  const isTimed = startedAt !== undefined && endedAt !== undefined;
  return {
    durationMs: isTimed ? String(Math.round(endedAt - startedAt)) : undefined,
    queuedAt: rfc3339(queuedAt),
    startedAt: rfc3339(startedAt),
    endedAt: rfc3339(endedAt),
  };
}

function wrapped({ output, error }: UiSpan): unknown {
  if (error !== undefined) return { error };
  return output === undefined ? undefined : { data: parseJson(output) };
}

function localIdOf(row: FunctionRow, app: AppRow | undefined): string {
  const prefix = `${app?.name ?? ""}-`;
  return row.slug.startsWith(prefix) && row.slug.length > prefix.length ? row.slug.slice(prefix.length) : row.slug;
}
