/** Tools for functions and events: list, send, invoke. */
import type { FunctionRow } from "@pawl/engine";
import { EVENT_NAME_LENGTH_MAX, REASONS } from "@pawl/protocol";
import { checkEvents } from "../event/read-events.ts";
import { type Invoked, invokeAndWait } from "../http/rest/invoke-and-wait.ts";
import { triggersOf } from "../http/rest/function-configuration.ts";
import type { ServerContext } from "../http/context.ts";
import { readRun } from "../http/ui/run-pages.ts";
import { invalid, UiRefusal } from "../http/ui/ui-error.ts";
import type { Schema } from "../json-schema.ts";
import { given, textOf } from "../json.ts";
import { runDetail } from "./run-view.ts";
import { sendAndSee } from "./send-and-see.ts";
import type { Tool, ToolArguments, ToolEnvironment } from "./tool.ts";
import { waitForRun } from "./wait-for-run.ts";

const FUNCTIONS_MAX = 200;

/** A client that waits longer has usually given up. */
const TIMEOUT_S_DEFAULT = 30;
const TIMEOUT_S_MAX = 300;

/** Schema of a time to wait. */
export const TIMEOUT: Schema & { readonly default: number } = {
  type: "number",
  minimum: 0,
  maximum: TIMEOUT_S_MAX,
  default: TIMEOUT_S_DEFAULT,
  description: "Seconds; 0: don't wait.",
};

export const FUNCTION_TOOLS: readonly Tool[] = [
  {
    name: "list_functions",
    title: "List functions",
    description: "Lists the functions that are registered, with what triggers them: names of events, or schedules.",
    input: {
      type: "object",
      additionalProperties: false,
      properties: {
        appId: { type: "string", description: "Only those of the app with this name." },
        query: { type: "string", description: "Only those whose slug or name has this text." },
        limit: { type: "integer", minimum: 1, maximum: FUNCTIONS_MAX, default: FUNCTIONS_MAX },
        cursor: { type: "string", description: "`cursor` of the call before." },
      },
    },
    effect: "reads",
    run: async (args, { context }) => listFunctions(context, args),
  },
  {
    name: "send_event",
    title: "Send an event",
    description:
      "Sends an event; every function that it triggers gets a run. Answers when the event is stored, with the runs that it started and why functions were not started.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["name"],
      properties: {
        name: { type: "string", minLength: 1, maxLength: EVENT_NAME_LENGTH_MAX, description: "Such as `shop/order.placed`." },
        data: { type: "object" },
        user: { type: "object" },
        id: { type: "string", description: "The same id starts a function once within 24 hours." },
        eventIdSeed: { type: "string", description: "The same as id, under its older name." },
        ts: { type: "integer", description: "Milliseconds since 1970; in the future, runs start then." },
      },
    },
    effect: "adds",
    run: sendEvent,
  },
  {
    name: "invoke_function",
    title: "Invoke a function",
    description:
      "Starts a run of one function, whatever triggers it, and waits for its end at most `timeout` seconds. Answers with the run: its output or error, or, when it has not ended by then, what it is doing; get_run looks again.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["functionId"],
      properties: {
        functionId: {
          type: "string",
          minLength: 1,
          description: "Slug of the function, as list_functions tells it; or its id in the app `appId`.",
        },
        appId: { type: "string", description: "Name of the app, where functionId is no slug." },
        data: { type: "object", description: "The event's data." },
        idempotencyKey: { type: "string", description: "The same key starts one run within 24 hours." },
        timeout: TIMEOUT,
      },
    },
    effect: "adds",
    run: invokeFunction,
  },
];

function listFunctions(
  { engine: { registry } }: ServerContext,
  { appId, query, limit = FUNCTIONS_MAX, cursor }: ToolArguments,
): Readonly<Record<string, unknown>> {
  const text = textOf(query).toLowerCase();
  const found = registry
    .functions()
    .filter(({ archivedAt }) => archivedAt === undefined)
    .map((row) => ({ row, app: registry.appById(row.appId)?.name ?? row.appId }))
    .filter(({ row, app }) => (appId === undefined || app === appId) && `${row.slug}\n${row.name}`.toLowerCase().includes(text))
    .filter(({ row }) => row.slug > textOf(cursor))
    .toSorted((a, b) => (a.row.slug < b.row.slug ? -1 : 1));
  const shown = found.slice(0, limit as number);
  const functions = shown.map(({ row, app }) => ({
    functionId: row.slug,
    name: row.name,
    app,
    triggers: triggersOf(row.definition).map(({ type, value, condition }) => ({
      [type === "CRON" ? "schedule" : "event"]: value,
      ...given("if", condition),
    })),
    attempts: row.definition.attemptsMax,
    ...given("paused", row.paused?.mode),
  }));
  const leftOut = found.length - shown.length;
  return { functions, ...(leftOut > 0 ? { leftOut, ...given("cursor", shown.at(-1)?.row.slug) } : {}) };
}

async function sendEvent(args: ToolArguments, { context: { engine } }: ToolEnvironment): Promise<Readonly<Record<string, unknown>>> {
  const { eventIdSeed, ...fields } = args;
  const element = { ...given("id", eventIdSeed), ...fields, data: args["data"] ?? {} };
  const { events, problem } = checkEvents({ elements: [element], bytes: Buffer.byteLength(JSON.stringify(element)) });
  const [event] = events;
  if (problem !== undefined || event === undefined) throw invalid(`${problem ?? "There is no event"}.`);
  const eventId = await sendAndSee(engine, event);
  const { history } = engine.store;
  const [runs, outcomes] = await Promise.all([history.runsOfEvents([eventId]), history.outcomesOfEvents([eventId])]);
  const slugOf = (functionId: string): string => engine.registry.functionById(functionId)?.slug ?? functionId;
  const runIds = runs.map(({ id }) => id);
  return {
    eventId,
    status: "accepted",
    message: `The event ${eventId} is stored; ${String(runs.length)} ${runs.length === 1 ? "run has" : "runs have"} been started.`,
    ...(runIds.length === 0 ? {} : { runIds }),
    runs: runs.map(({ id, functionId, status }) => ({ runId: id, function: slugOf(functionId), status })),
    notStarted: outcomes.map(({ functionId, reason, detail }) => ({
      ...(functionId === "" ? {} : { function: slugOf(functionId) }),
      reason,
      text: REASONS[reason],
      ...given("detail", detail),
    })),
  };
}

async function invokeFunction(args: ToolArguments, environment: ToolEnvironment): Promise<Readonly<Record<string, unknown>>> {
  const { context } = environment;
  const runId = await invokeNow(findFunction(context, args), args, environment);
  const detail = await readRun(context, runId);
  if (detail === undefined) return { runId, hasEnded: true };
  return { ...runDetail(detail), hasEnded: detail.run.endedAt !== undefined };
}

/** Invokes a function and waits for the end of its run, or until `timeout` seconds are over. Resolves with the run's id. */
export async function invokeNow(row: FunctionRow, args: ToolArguments, { context, signal }: ToolEnvironment): Promise<string> {
  const { data = {}, user, idempotencyKey, timeout = TIMEOUT_S_DEFAULT } = args;
  const key = typeof idempotencyKey === "string" && idempotencyKey !== "" ? idempotencyKey : undefined;
  const invoked = await invokeAndWait(context.engine, {
    function: row,
    data: data as Readonly<Record<string, unknown>>,
    ...given("user", user as Readonly<Record<string, unknown>> | undefined),
    ...given("idempotencyKey", key),
  });
  const runId = runIdOf(invoked);
  await waitForRun(context.engine, runId, { timeoutMs: (timeout as number) * 1_000, signal });
  return runId;
}

function findFunction({ engine: { registry } }: ServerContext, { functionId, appId }: ToolArguments): FunctionRow {
  const id = textOf(functionId);
  const candidates = appId === undefined ? [id] : [`${textOf(appId)}-${id}`, id];
  const found = candidates.map((candidate) => registry.invocable(candidate)).find((row) => row !== undefined);
  if (found !== undefined) return found;
  throw new UiRefusal(`No function has the id ${candidates.join(" or ")}.`, {
    status: 404,
    code: "function-not-found",
    hint: "list_functions tells which there are.",
  });
}

function runIdOf(invoked: Invoked): string {
  switch (invoked.kind) {
    case "run":
    case "duplicate":
      return invoked.runId;
    case "no-run":
      throw new UiRefusal(`The function was not run. ${REASONS[invoked.reason]}`, {
        status: 422,
        code: invoked.reason,
        ...given("hint", invoked.detail),
      });
    case "pending":
      throw new UiRefusal(`The event ${invoked.eventId} is stored, but its run could not be scheduled yet; it will be.`, {
        status: 503,
        code: "pending",
        hint: "Call list_runs later.",
      });
  }
}
