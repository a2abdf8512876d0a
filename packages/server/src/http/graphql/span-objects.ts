/**
 * GraphQL's trace: the run's span, its steps, their attempts.
 *
 * I1  Ids are derived from the run and the step, so a span keeps its id however often it is read.
 * I2  A step's attempts are shown where there was more than one. Spans of users' code are below theirs, where it is known and shown, else
 *     below the step.
 *
 * Spec: wire 12.1; semantics 11.6.
 */
import type { RunRow, StepRow } from "@pawl/engine";
import type { StepKind, UiAttempt, UiSpan, UiUserSpan } from "@pawl/protocol";
import { isRecord } from "../../json.ts";
import { attemptSpanId, runIds, stepSpanId } from "../../tracing/span-ids.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID, rfc3339 } from "../rest/identity.ts";
import { runsInvokedBy } from "../ui/run-pages.ts";
import { FUNCTION_SPAN_ID, spansOf } from "../ui/span-view.ts";
import { stepOptions } from "../ui/step-options.ts";
import { userSpanViews } from "../ui/user-span-view.ts";
import { parseJson } from "../ui/stored-json.ts";
import { gqlInvalid, gqlNotFound } from "./gql-refusal.ts";
import type { GqlRequest, RunFactsWithEvents } from "./gql-request.ts";

type GqlObject = Readonly<Record<string, unknown>>;

const STATUS: Readonly<Record<UiSpan["status"], string>> = {
  queued: "QUEUED",
  running: "RUNNING",
  retrying: "RUNNING",
  waiting: "WAITING",
  completed: "COMPLETED",
  timed_out: "COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
};

const STEP_OP: Readonly<Record<StepKind, string | null>> = {
  function: null,
  run: "RUN",
  sleep: "SLEEP",
  "wait-for-event": "WAIT_FOR_EVENT",
  "wait-for-signal": "WAIT_FOR_SIGNAL",
  invoke: "INVOKE",
  "send-event": "RUN",
  "ai-gateway": "AI_GATEWAY",
  gateway: "RUN",
};

/** Id of a run's trace: 32 hexadecimal digits. */
export function traceIdOf(runId: string): string {
  return runIds(runId).traceId;
}

/** Makes the object of a span's run; given, because runs have traces and spans have runs. */
export type RunObjectMaker = (request: GqlRequest, run: RunRow) => GqlObject;

/** The root RunTraceSpan of a run. */
export async function spanTree(
  request: GqlRequest,
  { runId, runObject }: { readonly runId: string; readonly runObject: RunObjectMaker },
): Promise<GqlObject> {
  const facts = await request.facts(runId);
  const [root, ...steps] = spansOf(facts);
  if (root === undefined) throw gqlNotFound("trace of run", runId);
  const at: Place = { request, facts, runObject, userSpans: userSpanViews(facts.userSpans ?? [], facts.steps) };
  const rootId = spanIdOf(runId, FUNCTION_SPAN_ID);
  const base = baseSpan(at, root);
  const parent = (): GqlObject => rootObject;
  const rootObject: GqlObject = {
    ...base,
    name: "Run",
    ...(facts.run.status === "SKIPPED" ? { status: "SKIPPED", skipReason: facts.run.skipReason ?? null } : {}),
    metadata: metadataOf(facts, ""),
    isRoot: true,
    stepID: null,
    stepInfo: null,
    childrenSpans: () => [
      ...attemptSpans(at, root, parent),
      ...userSpans(at, { span: root, isOfParent: ({ stepId, parentId }) => stepId === undefined && parentId === undefined, parent }),
      ...steps.map((span) => stepSpan(at, span, { parentSpanID: rootId, parentSpan: parent })),
    ],
  };
  return rootObject;
}

/** The output that an `outputID` of a span stands for. */
export async function spanOutput(request: GqlRequest, outputId: string): Promise<GqlObject> {
  const parsed = parseJson(Buffer.from(outputId, "base64").toString("utf8"));
  const { rid, sid } = isRecord(parsed) ? parsed : {};
  if (typeof rid !== "string" || typeof sid !== "string") throw gqlInvalid("The outputID is not one that this server gave.");
  const span = spansOf(await request.facts(rid)).find(({ id }) => id === sid);
  if (span === undefined) throw gqlNotFound("span", sid);
  return { input: span.input ?? null, data: span.output ?? null, error: span.error ?? null };
}

type Place = {
  readonly request: GqlRequest;
  readonly facts: RunFactsWithEvents;
  readonly runObject: RunObjectMaker;
  readonly userSpans: readonly UiUserSpan[];
};
type Parent = { readonly parentSpanID: string; readonly parentSpan: () => GqlObject };

/** Members that every span has. */
function baseSpan({ request, runObject, facts: { run } }: Place, span: UiSpan): GqlObject {
  const hasResult = span.output !== undefined || span.error !== undefined || span.input !== undefined;
  return {
    appID: run.appId,
    functionID: run.functionId,
    runID: run.id,
    run: () => runObject(request, run),
    spanID: spanIdOf(run.id, span.id),
    traceID: traceIdOf(run.id),
    groupID: span.id,
    name: span.name,
    status: span.kind === "invoke" && span.status === "waiting" ? "RUNNING" : STATUS[span.status],
    attempts: span.attempts.length,
    ...timesOf(span),
    outputID: hasResult ? outputIdOf(run, span.id) : null,
    stepOp: STEP_OP[span.kind],
    stepType: span.kind === "function" ? "" : `step.${camelCase(span.kind)}`,
    isRoot: false,
    parentSpanID: null,
    parentSpan: null,
    isUserland: false,
    userlandSpan: null,
    debugRunID: null,
    debugSessionID: null,
    debugPaused: false,
    skipReason: null,
    skipExistingRunID: null,
    metadata: [],
    response: null,
  };
}

function stepSpan(at: Place, span: UiSpan, parent: Parent): GqlObject {
  const self = (): GqlObject => object;
  const object: GqlObject = {
    ...baseSpan(at, span),
    ...parent,
    metadata: metadataOf(at.facts, span.id),
    stepID: span.id,
    stepInfo: () => stepInfoOf(at, span),
    childrenSpans: () => [
      ...attemptSpans(at, span, self),
      ...userSpans(at, { span, isOfParent: (each) => isFirst(each, span) && !isOfAttempt(each, span), parent: self }),
    ],
  };
  return object;
}

/** Metadata of a step, or of the run, where the id is empty. */
function metadataOf({ metadata = [] }: RunFactsWithEvents, stepId: string): readonly GqlObject[] {
  const scope = stepId === "" ? "run" : "step";
  return metadata
    .filter((entry) => entry.stepId === stepId)
    .map(({ kind, values, updatedAt }) => ({ scope, kind, values, updatedAt: rfc3339(updatedAt) }));
}

type UserSpanPlace = {
  /** The span of the step or the run. */
  readonly span: UiSpan;
  readonly isOfParent: (span: UiUserSpan) => boolean;
  readonly parent: () => GqlObject;
};

/** Spans of users' code below a span, with those below them. */
function userSpans(at: Place, { span, isOfParent, parent }: UserSpanPlace): readonly GqlObject[] {
  return at.userSpans.filter(isOfParent).map((each) => {
    const self = (): GqlObject => object;
    const object: GqlObject = {
      ...baseSpan(at, span),
      ...timesOf({ ...each, queuedAt: each.startedAt }),
      spanID: each.id,
      name: each.name,
      status: each.status === "error" ? "FAILED" : "COMPLETED",
      attempts: 0,
      outputID: null,
      stepOp: null,
      stepType: "",
      stepID: each.stepId ?? null,
      stepInfo: null,
      isUserland: true,
      userlandSpan: {
        spanName: each.name,
        spanKind: each.kind.toUpperCase(),
        serviceName: null,
        scopeName: each.scope ?? null,
        scopeVersion: null,
        spanAttrs: each.attributes,
        resourceAttrs: null,
      },
      childrenSpans: () => userSpans(at, { span, isOfParent: ({ parentId }) => parentId === each.id, parent: self }),
      parentSpan: parent,
      parentSpanID: () => parent()["spanID"],
    };
    return object;
  });
}

/** Whether it has no other user's span above it in a step. */
function isFirst({ stepId, parentId }: UiUserSpan, span: UiSpan): boolean {
  return stepId === span.id && parentId === undefined;
}

/** Whether it is below one of the attempts that are shown (I2). */
function isOfAttempt({ attempt }: UiUserSpan, { attempts }: UiSpan): boolean {
  return attempts.length > 1 && attempts.some((shown) => shown.attempt === attempt);
}

/** Spans of attempts (I2). */
function attemptSpans(at: Place, span: UiSpan, parentSpan: () => GqlObject): readonly GqlObject[] {
  return span.attempts.length < 2 ? [] : span.attempts.map((attempt) => attemptSpan(at, attempt, { span, parentSpan }));
}

type AttemptPlace = { readonly span: UiSpan; readonly parentSpan: () => GqlObject };

function attemptSpan(at: Place, attempt: UiAttempt, { span, parentSpan }: AttemptPlace): GqlObject {
  const { run } = at.facts;
  const self = (): GqlObject => object;
  const object: GqlObject = {
    ...baseSpan(at, span),
    ...timesOf({ ...attempt, queuedAt: attempt.startedAt }),
    spanID: spanIdOf(run.id, `${span.id}/${attempt.attempt}`),
    name: `Attempt ${attempt.attempt}`,
    status: attemptStatus(attempt),
    attempts: attempt.attempt,
    outputID: attempt.outcome === "completed" ? outputIdOf(run, span.id) : null,
    stepID: span.kind === "function" ? null : span.id,
    stepInfo: null,
    childrenSpans: () =>
      userSpans(at, { span, isOfParent: (each) => isFirst(each, span) && each.attempt === attempt.attempt, parent: self }),
    parentSpanID: spanIdOf(run.id, span.id),
    parentSpan,
    response: attempt.httpStatus === undefined ? null : { statusCode: attempt.httpStatus, headers: {} },
  };
  return object;
}

function attemptStatus({ outcome }: UiAttempt): string {
  if (outcome === "running") return "RUNNING";
  return outcome === "completed" ? "COMPLETED" : "FAILED";
}

function timesOf({ queuedAt, startedAt, endedAt }: Pick<UiSpan, "queuedAt" | "startedAt" | "endedAt">): GqlObject {
  return {
    queuedAt: rfc3339(queuedAt),
    scheduledAt: rfc3339(queuedAt),
    startedAt: rfc3339(startedAt) ?? null,
    endedAt: rfc3339(endedAt) ?? null,
    duration: startedAt === undefined || endedAt === undefined ? null : Math.round(endedAt - startedAt),
  };
}

/** What a step waits for, or what kind of body it is. */
async function stepInfoOf(at: Place, span: UiSpan): Promise<GqlObject | null> {
  const step = at.facts.steps.find(({ id }) => id === span.id);
  if (step === undefined) return null;
  const isEnded = step.endedAt !== undefined;
  const timeout = rfc3339(step.until ?? step.queuedAt);
  const timedOut = isEnded ? step.status === "timed_out" : null;
  const { event = "", if: expression, signal = "" } = stepOptions(step);
  switch (step.kind) {
    case "sleep":
      return { __typename: "SleepStepInfo", sleepUntil: timeout };
    case "wait-for-event":
      return {
        __typename: "WaitForEventStepInfo",
        eventName: event,
        expression: expression ?? null,
        timeout,
        foundEventID: step.matchedEventId ?? null,
        timedOut,
      };
    case "wait-for-signal":
      return { __typename: "WaitForSignalStepInfo", signal, timeout, timedOut };
    case "invoke":
      return invokeInfo(at, step, { timeout, timedOut });
    default:
      return { __typename: "RunStepInfo", type: `step.${camelCase(step.kind)}` };
  }
}

async function invokeInfo({ request, facts }: Place, step: StepRow, times: GqlObject): Promise<GqlObject> {
  const { context } = request;
  const runId = step.targetRunId ?? (await runsInvokedBy(context, facts)).get(step.id);
  const [child] = runId === undefined ? [] : await context.engine.store.history.runsByIds([runId]);
  return {
    __typename: "InvokeStepInfo",
    triggeringEventID: child?.eventIds[0] ?? "",
    functionID: stepOptions(step).function_id ?? "",
    returnEventID: null,
    runID: runId ?? null,
    ...times,
  };
}

function outputIdOf({ id, appId, functionId }: RunFactsWithEvents["run"], spanId: string): string {
  const place = { acctID: ACCOUNT_ID, wsID: ENVIRONMENT_ID, appID: appId, fnID: functionId, tid: traceIdOf(id), sid: spanId, rid: id };
  return Buffer.from(JSON.stringify(place)).toString("base64");
}

/** The id of a span of ours as calls and exports have it; `<span>/<n>` is that of an attempt. */
function spanIdOf(runId: string, id: string): string {
  const [span = "", attempt] = id.split("/");
  if (attempt !== undefined) return attemptSpanId(span, Number(attempt));
  return span === FUNCTION_SPAN_ID ? runIds(runId).spanId : stepSpanId(span);
}

function camelCase(kind: string): string {
  return kind.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
