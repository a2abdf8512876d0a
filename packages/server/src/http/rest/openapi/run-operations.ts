/** Runs: lists, one, its trace, cancelling, running again, scores. Spec: wire 11.4. */
import { RUN_STATUSES } from "@pawl/protocol";
import { closed, envelope, FLAG, listOf, oneOfTexts, type Operation, ref, text, TIME } from "./operation.ts";

const LIST = {
  includeOutput: FLAG,
  cursor: text("`page.cursor` of the page before, of a list by the same time."),
  limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
  from: { ...TIME, description: "Runs at or after this time, by `timeField`." },
  until: { ...TIME, description: "Runs before this time." },
  timeField: { ...oneOfTexts(["queuedAt", "startedAt", "endedAt"]), default: "queuedAt" },
  status: { ...listOf(oneOfTexts(RUN_STATUSES)), description: "May be repeated." },
  isDeferred: { ...FLAG, description: "Only runs that something deferred has started, or only others." },
  order: { ...oneOfTexts(["desc", "asc"]), default: "desc" },
} as const;

const RUN_ID = envelope(closed({ runId: text() }, ["runId"]));

export const RUN_OPERATIONS: readonly Operation[] = [
  {
    id: "ListRuns",
    method: "GET",
    path: "/v2/runs",
    tag: "runs",
    summary: "Runs, a page at a time",
    query: {
      ...LIST,
      appId: text("Of this app, by its name."),
      functionId: { ...listOf(text()), description: "Of these functions; may be repeated, needs appId." },
    },
    answer: envelope(listOf(ref("FunctionRun")), { isPaged: true }),
    refusals: { 400: "A parameter can't be read", 404: "No such app or function" },
  },
  {
    id: "ListFunctionRuns",
    method: "GET",
    path: "/v2/apps/{appId}/functions/{functionId}/runs",
    tag: "runs",
    summary: "Runs of a function, a page at a time",
    query: LIST,
    answer: envelope(listOf(ref("FunctionRun")), { isPaged: true }),
    refusals: { 400: "A parameter can't be read", 404: "No such app or function" },
  },
  {
    id: "GetFunctionRun",
    method: "GET",
    path: "/v2/runs/{runId}",
    tag: "runs",
    summary: "One run",
    query: { includeOutput: FLAG },
    answer: envelope(ref("FunctionRun")),
    refusals: { 400: "The id is none", 404: "No run has the id" },
  },
  {
    id: "GetFunctionTrace",
    method: "GET",
    path: "/v2/runs/{runId}/trace",
    tag: "runs",
    summary: "What a run did: its steps and their attempts",
    query: { includeOutput: FLAG },
    answer: envelope(ref("Trace")),
    refusals: { 400: "The id is none", 404: "No run has the id" },
  },
  {
    id: "CancelRun",
    method: "POST",
    path: "/v2/runs/{runId}/cancel",
    tag: "runs",
    summary: "Cancel a run",
    body: closed({}),
    answer: RUN_ID,
    refusals: { 400: "The id is none", 404: "No run has the id", 409: "The run has ended" },
  },
  {
    id: "Rerun",
    method: "POST",
    path: "/v2/runs/{runId}/rerun",
    tag: "runs",
    summary: "Run a function again with the same events, from the beginning or from a step",
    body: closed({
      fromStep: closed(
        {
          stepId: { type: "string", minLength: 1, description: "Id, name or hash of a step. Results before it are kept." },
          input: { type: "array", description: "Arguments in the place of the step's own." },
        },
        ["stepId"],
      ),
    }),
    answer: RUN_ID,
    refusals: { 400: "The run can't begin at that step", 404: "No run has the id" },
  },
  {
    id: "CreateScore",
    method: "POST",
    path: "/v2/runs/{runId}/scores",
    tag: "runs",
    summary: "Note scores of a run",
    body: { ...listOf(ref("Score")), minItems: 1, maxItems: 100 },
    isBodyRequired: true,
    answer: envelope(listOf(ref("StoredScore"))),
    refusals: { 400: "A score can't be read", 404: "No run has the id", 413: "The run has too much metadata" },
  },
];
