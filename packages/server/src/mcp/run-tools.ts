/** Tools for runs: list, look at one, cancel. */
import { RUN_STATUSES } from "@pawl/protocol";
import type { RunQuery, RunTimeField } from "@pawl/store";
import type { Registry } from "../core/registry.ts";
import type { ServerContext } from "../http/context.ts";
import { parseTime } from "../http/rest/identity.ts";
import { cursorOf, type RawQuery, readRunQuery, readSearch } from "../http/ui/list-query.ts";
import { factsOfRuns } from "../http/ui/run-facts.ts";
import { readRun } from "../http/ui/run-pages.ts";
import { runView } from "../http/ui/run-view.ts";
import { invalid, noRun, UiRefusal } from "../http/ui/ui-error.ts";
import { given, textOf } from "../json.ts";
import { listRuns } from "../search/search-lists.ts";
import { runDetail, runLine, runOutcome } from "./run-view.ts";
import type { Tool, ToolArguments } from "./tool.ts";

const LIST_DEFAULT = 20;
const LIST_MAX = 100;

const TEXT = { type: "string", minLength: 1 } as const;
const TIME_FIELDS = ["queuedAt", "startedAt", "endedAt"] as const satisfies readonly RunTimeField[];
const RUN_ID = { type: "string", minLength: 1, maxLength: 100, description: "Id of a run." } as const;

export const RUN_TOOLS: readonly Tool[] = [
  {
    name: "list_runs",
    title: "List runs",
    description:
      "Lists runs, newest first, with their status and, where one stands still, why. Filters can be combined; `if` searches by an expression, for example `event.data.userId == 'u1' && run.status == 'FAILED'`.",
    input: {
      type: "object",
      additionalProperties: false,
      properties: {
        status: { type: "array", items: { type: "string", enum: RUN_STATUSES } },
        functionId: {
          oneOf: [TEXT, { type: "array", items: TEXT }],
          description: "Slug of a function, as list_functions tells it; or several. With appId, the id within the app will do.",
        },
        appId: { type: "string", description: "Name of an app." },
        app: { type: "string", description: "The same as appId." },
        event: { type: "string", description: "Name of the event that started the runs." },
        if: { type: "string", maxLength: 2_000, description: "Expression over event, run, output and error." },
        isDeferred: { type: "boolean", description: "Only runs that something deferred has started, or only others." },
        from: { type: "string", description: "Runs at or after this time, such as 2026-01-31T12:00:00Z, by timeField." },
        until: { type: "string", description: "Runs before this time." },
        timeField: { type: "string", enum: TIME_FIELDS, default: "queuedAt", description: "The time that counts." },
        order: { type: "string", enum: ["desc", "asc"], default: "desc", description: "desc: newest first." },
        includeOutput: { type: "boolean", description: "Whether to tell what came of each run, cut where it is long." },
        limit: { type: "integer", minimum: 1, maximum: LIST_MAX, default: LIST_DEFAULT },
        cursor: { type: "string", description: "`cursor` of the call before." },
      },
    },
    effect: "reads",
    run: async (args, { context }) => {
      const query = runQueryOf(args, context);
      const { rows, next } = await listRuns(context.engine, query, readSearch(rawOf(args), "runs"));
      const facts = await factsOfRuns(context, rows);
      const runs = facts.map((each) => ({ ...runLine(runView(each)), ...(args["includeOutput"] === true ? runOutcome(each.run) : {}) }));
      return { runs, ...given("cursor", next && cursorOf({ queuedAt: next[query.timeField] ?? 0, id: next.id })) };
    },
  },
  {
    name: "get_run",
    title: "Look at a run",
    description:
      "Tells all about one run: status, output or error, its steps with their outputs and errors, and, where it stands still, what it waits for or what holds it back.",
    input: {
      type: "object",
      additionalProperties: false,
      required: ["runId"],
      properties: { runId: RUN_ID, includeOutput: { type: "boolean", description: "Accepted and ignored: the output is always told." } },
    },
    effect: "reads",
    run: async ({ runId }, { context }) => {
      const detail = await readRun(context, runId as string);
      if (detail === undefined) throw noRun(runId as string);
      return runDetail(detail);
    },
  },
  {
    name: "cancel_run",
    title: "Cancel a run",
    description: "Cancels a run that has not ended. Steps that have finished stay done; nothing more of the run is executed.",
    input: { type: "object", additionalProperties: false, required: ["runId"], properties: { runId: RUN_ID } },
    effect: "ends",
    run: async ({ runId }, { context }) => {
      const result = await context.engine.cancel(runId as string, "Cancelled through MCP.");
      if (result === "no-run") throw noRun(runId as string);
      if (result === "ended")
        throw new UiRefusal(`Run ${String(runId)} has already ended.`, { status: 409, code: "run-ended", hint: "get_run tells how." });
      return { runId, status: "CANCELLED" };
    },
  },
];

function runQueryOf(args: ToolArguments, { engine: { registry } }: ServerContext): RunQuery {
  const { timeField = "queuedAt", order = "desc", isDeferred, from, until } = args;
  const { filter, ...query } = readRunQuery({ ...rawOf(args), function: slugsOf(args, registry) }, registry);
  const bounds = { ...given("from", instantOf("from", from)), ...given("until", instantOf("until", until)) };
  return {
    ...query,
    timeField: timeField as RunTimeField,
    order: order as RunQuery["order"],
    filter: { ...filter, ...bounds, ...given("isDeferred", isDeferred as boolean | undefined) },
  };
}

/** What the tool has in common with the dashboard's list. */
function rawOf({ status = [], limit = LIST_DEFAULT, app, appId = app, event, if: condition, cursor }: ToolArguments): RawQuery {
  return { status, limit: String(limit), app: appId, event, if: condition, cursor } as RawQuery;
}

/** Slugs of the functions that are asked for; refuses one that is not there. */
function slugsOf({ functionId, app, appId = app }: ToolArguments, registry: Registry): readonly string[] {
  const ids: readonly unknown[] = functionId === undefined ? [] : Array.isArray(functionId) ? functionId : [functionId];
  return ids
    .map((id) => textOf(id))
    .map((id) => {
      const slug = [`${textOf(appId)}-${id}`, id].find((candidate) => registry.functionBySlug(candidate) !== undefined);
      if (slug === undefined) throw invalid(`No function has the slug ${id}.`, "list_functions tells which there are.");
      return slug;
    });
}

function instantOf(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const at = parseTime(textOf(text));
  if (at === undefined) throw invalid(`${name} must be a time such as 2026-01-31T12:00:00Z, not ${textOf(text)}.`);
  return at;
}
