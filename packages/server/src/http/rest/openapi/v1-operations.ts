/** REST v1, as far as it does what v2 does not: signals, metadata, cancellations of many runs. Spec: wire 11.2, 13.4. */
import type { Schema } from "../../../json-schema.ts";
import { ANY_OBJECT, closed, COUNT, listOf, oneOfTexts, type Operation, ref, text, TIME } from "./operation.ts";

const CURSOR = text("`id` of the last of the page before.");

/** Envelope of v1. */
function answered(data: Schema): Schema {
  return closed({ data, metadata: ANY_OBJECT }, ["data", "metadata"]);
}

export const V1_OPERATIONS: readonly Operation[] = [
  {
    id: "SendSignal",
    method: "POST",
    path: "/v1/signals",
    tag: "events",
    summary: "Send a signal to the run that waits for it",
    body: closed({ signal: { type: "string", minLength: 1 }, data: { description: "Any JSON." } }, ["signal"]),
    isBodyRequired: true,
    answer: answered(closed({ run_id: text() }, ["run_id"])),
    refusals: { 400: "The body can't be read", 404: "No run waits for the signal" },
  },
  {
    id: "AddMetadata",
    method: "POST",
    path: "/v1/runs/{id}/metadata",
    tag: "runs",
    summary: "Add metadata to a run or to one of its steps",
    body: closed(
      {
        target: closed({ step_id: text("Id of a step. Default: the run.") }),
        metadata: {
          ...listOf(
            closed(
              {
                kind: text("Those of your own begin with `userland.`."),
                op: { ...oneOfTexts(["merge", "set", "delete", "add"]), default: "merge" },
                values: ANY_OBJECT,
              },
              ["kind", "values"],
            ),
          ),
          minItems: 1,
        },
      },
      ["metadata"],
    ),
    isBodyRequired: true,
    answer: text("Empty."),
    answerType: "text/plain",
    refusals: { 400: "The body can't be read", 404: "No run has the id", 413: "The run has too much metadata" },
  },
  {
    id: "CreateCancellation",
    method: "POST",
    path: "/v1/cancellations",
    tag: "operations",
    summary: "Cancel every run of a function that was queued in a span of time",
    body: closed(
      {
        app_id: text("Name of the app."),
        function_id: text("Slug, or id within the app."),
        started_after: TIME,
        started_before: TIME,
        if: text("Expression over `event` and `run` that a run must meet."),
      },
      ["app_id", "function_id", "started_before"],
    ),
    isBodyRequired: true,
    answer: answered(ref("Cancellation")),
    refusals: { 400: "The body can't be read", 404: "No such app or function" },
  },
  {
    id: "ListCancellations",
    method: "GET",
    path: "/v1/cancellations",
    tag: "operations",
    summary: "Cancellations, oldest first, a page at a time",
    query: { limit: { ...COUNT, minimum: 1, maximum: 100, default: 20 }, cursor: CURSOR },
    answer: answered(listOf(ref("Cancellation"))),
    refusals: { 400: "A parameter can't be read" },
  },
  {
    id: "GetCancellation",
    method: "GET",
    path: "/v1/cancellations/{id}",
    tag: "operations",
    summary: "One cancellation, with how far it is",
    answer: answered(ref("Cancellation")),
    refusals: { 404: "No cancellation has the id" },
  },
  {
    id: "DeleteCancellation",
    method: "DELETE",
    path: "/v1/cancellations/{id}",
    tag: "operations",
    summary: "Undo a cancellation that has not begun, or stop one that has",
    status: 204,
    answer: text("Empty."),
    answerType: "text/plain",
    refusals: { 404: "No cancellation has the id" },
  },
];
