/**
 * `RunComplete` and `SyncRunComplete`: the function returned, and says so by an op.
 *
 * I1  A durable endpoint's output is its HTTP answer, whole, so that those who wait for it get what the handler said.
 *
 * Spec: wire 6.16, 6.17. An answer of 500 and above is a failure; a 404 or a redirect is an answer like others (semantics 12.5 has every
 * status but 2xx fail the run, which would report failures where a handler did what it was made for).
 */
import { canonicalJson, type WireOp } from "@pawl/protocol";
import { type Draft, endRun, failRun } from "../draft.ts";
import { isRecord } from "../../json.ts";

const FAILURE_STATUS_MIN = 500;
const MESSAGE_CHARS_MAX = 500;

/** Ends the run with the op's data as its output. */
export function endOfRun(draft: Draft, op: WireOp): void {
  if (op.op === "SyncRunComplete" && (!isRecord(op.data) || !isRecord(op.data["data"]))) return failRun(draft, undecodable());
  const data = outputOf(op);
  const output = canonicalJson(data);
  const status = draft.env.function.definition.endpoint === undefined ? undefined : httpStatusOf(data);
  if (status === undefined || status < FAILURE_STATUS_MIN) return endRun(draft, { status: "COMPLETED", output });
  const { body } = data as { readonly body?: unknown };
  const said = typeof body === "string" && body !== "" ? `: ${body.slice(0, MESSAGE_CHARS_MAX)}` : ".";
  const error = { error: `status code: ${status}`, name: "Error", message: `The endpoint answered with HTTP ${status}${said}` };
  endRun(draft, { status: "FAILED", output, error });
}

/** What a run ends with, as the op says it. */
export function outputOf({ op, data }: WireOp): unknown {
  return (op === "SyncRunComplete" && isRecord(data) ? data["data"] : data) ?? null;
}

/** Status of an HTTP answer in an output; undefined where the output is none. */
export function httpStatusOf(output: unknown): number | undefined {
  if (!isRecord(output)) return undefined;
  const status = output["status"] ?? output["status_code"];
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

function undecodable(): { readonly error: string; readonly name: string; readonly message: string } {
  const message = "SyncRunComplete carries no HTTP answer: expected data {data: {status, headers, body}}.";
  return { error: "unable to decode SyncRunComplete", name: "Error", message };
}
