/**
 * A run for a program that reads text: times that people write, values parsed, long ones cut.
 *
 * I1  The answer's size has a bound, whatever the run holds.
 */
import type { RunRow } from "@pawl/engine";
import type { UiError, UiReason, UiRunDetail, UiRunRow, UiSpan } from "@pawl/protocol";
import { rfc3339 } from "../http/rest/identity.ts";
import { parseError, parseJson } from "../http/ui/stored-json.ts";

type Shape = Readonly<Record<string, unknown>>;

const OUTPUT_CHARS_MAX = 20_000;
const STEP_OUTPUT_CHARS_MAX = 2_000;
const MESSAGE_CHARS_MAX = 4_000;
const STEPS_MAX = 100;
const CHILDREN_MAX = 50;

/** A line of a list. */
export function runLine(run: UiRunRow): Shape {
  return defined({
    runId: run.id,
    function: run.functionSlug,
    app: run.appName,
    status: run.status,
    phase: run.phase,
    why: run.reason === undefined ? undefined : why(run.reason),
    eventName: run.eventName,
    eventId: run.eventId,
    queuedAt: rfc3339(run.queuedAt),
    startedAt: rfc3339(run.startedAt),
    endedAt: rfc3339(run.endedAt),
    failure: run.failure,
    rerunOf: run.rerunOf,
  });
}

/** What came of a run that has ended, for a line of a list that asks for it. */
export function runOutcome({ output, error }: Pick<RunRow, "output" | "error">): Shape {
  return defined({
    output: output === undefined ? undefined : value(output, STEP_OUTPUT_CHARS_MAX),
    error: error === undefined ? undefined : errorShape(parseError(error)),
  });
}

/** All that is known of one. */
export function runDetail(detail: UiRunDetail): Shape {
  // The span of the function's own code says what the run itself says.
  const steps = detail.spans.filter(({ kind }) => kind !== "function");
  const shown = steps.slice(-STEPS_MAX);
  return defined({
    ...runLine(detail.run),
    output: detail.output === undefined ? undefined : value(detail.output, OUTPUT_CHARS_MAX),
    error: detail.error === undefined ? undefined : errorShape(detail.error),
    endReason: detail.endReason,
    schedule: detail.cron,
    steps: shown.map(stepShape),
    stepsLeftOut: steps.length > shown.length ? steps.length - shown.length : undefined,
    childRuns: detail.childRuns.length === 0 ? undefined : detail.childRuns.slice(0, CHILDREN_MAX),
  });
}

function stepShape(span: UiSpan): Shape {
  const error = span.error ?? (span.status === "retrying" ? span.attempts.at(-1)?.error : undefined);
  return defined({
    name: span.name,
    kind: span.kind,
    status: span.status,
    attempts: span.attempts.length === 0 ? undefined : span.attempts.length,
    startedAt: rfc3339(span.startedAt),
    endedAt: rfc3339(span.endedAt),
    until: rfc3339(span.until),
    why: span.reason === undefined ? undefined : why(span.reason),
    output: span.output === undefined ? undefined : value(span.output, STEP_OUTPUT_CHARS_MAX),
    error: error === undefined ? undefined : errorShape(error),
    invokedRun: span.invoke?.runId,
  });
}

/** Why something stands still. */
function why({ code, text, since, until, holders }: UiReason): Shape {
  return defined({ reason: code, text, since: rfc3339(since), until: rfc3339(until), heldBy: holders });
}

function errorShape({ name, message, stack }: UiError): Shape {
  return defined({ name: name.slice(0, 200), message: cut(message, MESSAGE_CHARS_MAX), stack: stack && cut(stack, MESSAGE_CHARS_MAX) });
}

/** The value of a JSON text; the beginning of the text where it is long. */
function value(text: string, charsMax: number = OUTPUT_CHARS_MAX): unknown {
  return text.length <= charsMax ? parseJson(text) : { isCut: true, characters: text.length, beginning: text.slice(0, charsMax) };
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

function defined(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([, field]) => field !== undefined));
}
