/** Tools for runs: list, look at one, cancel. */
import { RUN_STATUSES } from "@pawl/protocol";
import { given, textOf } from "../json.ts";
import { type RawQuery, readRunQuery, readSearch } from "../http/ui/list-query.ts";
import { readRun, readRuns } from "../http/ui/run-pages.ts";
import { invalid, noRun, UiRefusal } from "../http/ui/ui-error.ts";
import { runDetail, runLine } from "./run-view.ts";
import type { Tool } from "./tool.ts";

const LIST_DEFAULT = 20;
const LIST_MAX = 100;

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
        functionId: { type: "string", description: "Slug of a function, as list_functions tells it." },
        app: { type: "string", description: "Name of an app." },
        event: { type: "string", description: "Name of the event that started the runs." },
        if: { type: "string", maxLength: 2_000, description: "Expression over event, run, output and error." },
        limit: { type: "integer", minimum: 1, maximum: LIST_MAX, default: LIST_DEFAULT },
        cursor: { type: "string", description: "`cursor` of the call before." },
      },
    },
    effect: "reads",
    run: async ({ status = [], functionId, limit = LIST_DEFAULT, ...rest }, { context }) => {
      if (functionId !== undefined && context.engine.registry.functionBySlug(textOf(functionId)) === undefined)
        throw invalid(`No function has the slug ${textOf(functionId)}.`, "list_functions tells which there are.");
      const raw = { ...rest, status, limit: String(limit), ...given("function", functionId) } as RawQuery;
      const { items, next } = await readRuns(context, readRunQuery(raw, context.engine.registry), readSearch(raw, "runs"));
      return { runs: items.map(runLine), ...given("cursor", next) };
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
