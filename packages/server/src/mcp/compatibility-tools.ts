/**
 * Tools under the names and with the results of the protocol's reference server, for clients and prompts that were written for it.
 *
 * I1  Nothing polls: `pollInterval` is accepted and means nothing.
 *
 * Spec: wire 12.3. Departure: `invoke_function_sync` invokes, as the spec recommends; the reference sends an event that starts nothing.
 */
import type { FunctionRow } from "@pawl/engine";
import type { UiRunDetail, UiSpan } from "@pawl/protocol";
import { rfc3339 } from "../http/rest/identity.ts";
import { readRun } from "../http/ui/run-pages.ts";
import { noRun, UiRefusal } from "../http/ui/ui-error.ts";
import { given } from "../json.ts";
import { invokeNow, TIMEOUT } from "./function-tools.ts";
import { runDetail } from "./run-view.ts";
import type { Tool, ToolArguments, ToolEnvironment } from "./tool.ts";
import { waitForRun } from "./wait-for-run.ts";

type Result = Readonly<Record<string, unknown>>;

/** Runs that one call waits for. */
const RUNS_MAX = 50;

const RUN_ID = { type: "string", minLength: 1, maxLength: 100 } as const;

export const COMPATIBILITY_TOOLS: readonly Tool[] = [
  {
    name: "get_run_status",
    title: "Status of a run",
    description: "Status of a run and of its steps, in short. get_run tells more, also why a run waits.",
    input: { type: "object", additionalProperties: false, required: ["runId"], properties: { runId: RUN_ID } },
    effect: "reads",
    run: async ({ runId }, environment) => statusOf(environment, runId as string),
  },
  {
    name: "poll_run_status",
    title: "Wait for runs",
    description: "Waits until all of the runs have ended, at most `timeout` seconds, and tells the status of each.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["runIds"],
      properties: {
        runIds: { type: "array", items: RUN_ID, minItems: 1, maxItems: RUNS_MAX },
        timeout: TIMEOUT,
        pollInterval: { type: "number", description: "Accepted and ignored: the end of a run is told at once." },
      },
    },
    effect: "reads",
    run: pollRuns,
  },
  {
    name: "invoke_function_sync",
    title: "Invoke a function and wait",
    description: "Starts a run of one function and waits for its end. invoke_function does the same, and tells more.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["functionId"],
      properties: {
        functionId: { type: "string", minLength: 1, description: "Slug, internal id or name of the function." },
        data: { type: "object", description: "The event's data." },
        user: { type: "object", description: "The event's user." },
        timeout: TIMEOUT,
      },
    },
    effect: "adds",
    run: invokeSync,
  },
];

async function pollRuns({ runIds, timeout }: ToolArguments, environment: ToolEnvironment): Promise<Result> {
  const { context, signal } = environment;
  const timeoutMs = ((timeout as number | undefined) ?? TIMEOUT.default) * 1_000;
  const ids = [...new Set(runIds as readonly string[])];
  const known = await context.engine.store.history.runsByIds(ids);
  const missing = ids.find((id) => !known.some((run) => run.id === id));
  if (missing !== undefined) throw noRun(missing);
  await Promise.all(ids.map((id) => waitForRun(context.engine, id, { timeoutMs, signal })));
  const runs = await Promise.all(ids.map((id) => statusOf(environment, id)));
  const count = (...statuses: readonly string[]): number => runs.filter(({ status }) => statuses.includes(status as string)).length;
  return { runs, completed: count("COMPLETED", "SKIPPED"), running: count("QUEUED", "RUNNING"), failed: count("FAILED", "CANCELLED") };
}

async function invokeSync(args: ToolArguments, environment: ToolEnvironment): Promise<Result> {
  const { clock } = environment.context.engine;
  const startedAt = clock.now();
  const row = functionOf(environment, args["functionId"] as string);
  const runId = await invokeNow(row, args, environment);
  const { steps: _steps, startedAt: _startedAt, endedAt: _endedAt, ...result } = await statusOf(environment, runId);
  return { ...result, duration: Math.round(clock.now() - startedAt) };
}

function functionOf({ context: { engine } }: ToolEnvironment, id: string): FunctionRow {
  const { registry } = engine;
  const found = registry.invocable(id) ?? registry.functions().find(({ name, archivedAt }) => name === id && archivedAt === undefined);
  if (found !== undefined) return found;
  throw new UiRefusal(`No function has the slug, id or name ${id}.`, {
    status: 404,
    code: "function-not-found",
    hint: "list_functions tells which there are.",
  });
}

async function statusOf({ context }: ToolEnvironment, runId: string): Promise<Result> {
  const detail = await readRun(context, runId);
  if (detail === undefined) throw noRun(runId);
  return statusShape(detail);
}

function statusShape(detail: UiRunDetail): Result {
  const { run, spans } = detail;
  const { output, error } = runDetail(detail);
  return {
    runId: run.id,
    functionName: run.functionName,
    status: run.status,
    startedAt: rfc3339(run.startedAt ?? run.queuedAt),
    ...given("endedAt", rfc3339(run.endedAt)),
    eventId: run.eventId,
    ...given("eventName", run.eventName),
    steps: spans.filter(({ kind }) => kind !== "function").map(stepShape),
    ...given("output", output),
    ...given("error", error),
  };
}

function stepShape({ id, name, status, startedAt, queuedAt, attempts, error }: UiSpan): Result {
  return {
    stepName: name,
    stepId: id,
    status,
    startedAt: rfc3339(startedAt ?? queuedAt),
    attempt: attempts.at(-1)?.attempt ?? 0,
    ...given("error", error?.message),
  };
}
