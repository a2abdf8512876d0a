/** Parameters of REST v2, in camel case or snake case. What can't be read is refused. Spec: wire 11.3, 11.4. */
import { type RunStatus, RUN_STATUSES } from "@pawl/protocol";
import type { RunFilter, RunQuery, RunTimeField } from "@pawl/store";
import { given, isRecord } from "../../json.ts";
import { parseJson } from "../ui/stored-json.ts";
import { parseRfc3339, rfc3339 } from "./identity.ts";
import { badRequest } from "./v2-answer.ts";

/** Parameters by their name in camel case; each with all its values. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

const LIMIT_DEFAULT = 20;

/** Reads a query string as parsed. */
export function parametersOf(query: unknown): Parameters {
  const found = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(isRecord(query) ? query : {})) {
    const texts = (Array.isArray(value) ? value : [value]).filter((text): text is string => typeof text === "string" && text !== "");
    if (texts.length > 0) found.set(camelCase(name), texts);
  }
  return found;
}

/** Fields of a body, or of an object in it, by their name in camel case; unknown ones are refused. */
export function fieldsOf(body: unknown, known: readonly string[], what = "The body"): Readonly<Record<string, unknown>> {
  if (body === undefined || body === null) return {};
  if (!isRecord(body)) throw badRequest(`${what} must be a JSON object`, "api_error");
  const fields = Object.fromEntries(Object.entries(body).map(([name, value]) => [camelCase(name), value]));
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) throw badRequest(`unknown field "${unknown}"; known are ${known.join(", ")}`, "api_error");
  return fields;
}

/** A page's size. */
export function limitOf(parameters: Parameters, max: number): number {
  const text = one(parameters, "limit");
  const limit = text === undefined ? LIMIT_DEFAULT : Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > max)
    throw badRequest(`limit must be a whole number from 1 to ${max}`, "invalid_field_format");
  return limit;
}

/** Whether a flag is set; undefined where it is not given. */
export function optionalFlagOf(parameters: Parameters, name: string): boolean | undefined {
  const text = one(parameters, name);
  if (text === undefined) return undefined;
  if (/^(?:true|t|1)$/i.test(text)) return true;
  if (/^(?:false|f|0)$/i.test(text)) return false;
  throw badRequest(`${name} must be true or false, got ${text}`, "invalid_field_format");
}

/** Whether a flag is set. */
export function flagOf(parameters: Parameters, name: string): boolean {
  return optionalFlagOf(parameters, name) ?? false;
}

/** The list of runs that is asked for; functions and apps are the caller's to add. */
export function readRunsQuery(parameters: Parameters): RunQuery {
  const statuses = (parameters.get("status") ?? []).map(statusOf);
  const { from, until } = boundsOf(parameters);
  const order = one(parameters, "order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw badRequest(`order must be asc or desc, got ${order}`, "invalid_field_format");
  const timeField = timeFieldOf(one(parameters, "timeField") ?? "queuedAt");
  const filter: RunFilter = {
    ...(statuses.length === 0 ? {} : { statuses }),
    ...given("isDeferred", optionalFlagOf(parameters, "isDeferred")),
    ...given("from", from),
    ...given("until", until),
  };
  return { filter, timeField, order, limit: limitOf(parameters, 100), ...given("after", placeOf(one(parameters, "cursor"), timeField)) };
}

/** `metadata.timeRange`, where both bounds are given. */
export function timeRangeOf({ filter: { from, until } }: RunQuery): unknown {
  return from === undefined || until === undefined ? undefined : { from: rfc3339(from), until: rfc3339(until) };
}

/** The cursor that stands for a run. */
export function runCursor(run: { readonly id: string } & Readonly<Partial<Record<RunTimeField, number>>>, field: RunTimeField): string {
  const place = { id: run.id, c: { [field]: { f: field, v: run[field] ?? 0 } } };
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** One value of a parameter, the last. */
export function one(parameters: Parameters, name: string): string | undefined {
  return parameters.get(name)?.at(-1);
}

function placeOf(cursor: string | undefined, field: RunTimeField): RunQuery["after"] {
  if (cursor === undefined) return undefined;
  const parsed = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  const { id, c: fields } = isRecord(parsed) ? parsed : {};
  const place = isRecord(fields) ? fields[field] : undefined;
  const at = isRecord(place) ? place["v"] : undefined;
  if (typeof id !== "string" || typeof at !== "number")
    throw badRequest(`The cursor is not one of a list by ${field}; begin again without a cursor`, "invalid_field_format");
  return { at, id };
}

function statusOf(text: string): RunStatus {
  const found = RUN_STATUSES.find((status) => status === text.toUpperCase());
  if (found === undefined) throw badRequest(`status must be one of ${RUN_STATUSES.join(", ")}, got ${text}`, "invalid_field_format");
  return found;
}

function timeFieldOf(text: string): RunTimeField {
  const name = camelCase(text);
  if (name !== "queuedAt" && name !== "startedAt" && name !== "endedAt")
    throw badRequest(`timeField must be queuedAt, startedAt or endedAt, got ${text}`, "invalid_field_format");
  return name;
}

function boundsOf(parameters: Parameters): { readonly from: number | undefined; readonly until: number | undefined } {
  const [from, until] = ["from", "until"].map((name) => {
    const text = one(parameters, name);
    const at = text === undefined ? undefined : parseRfc3339(text);
    if (text !== undefined && at === undefined)
      throw badRequest(`${name} must be a time such as 2026-01-31T12:00:00Z`, "invalid_field_format");
    return at;
  });
  if (from !== undefined && until !== undefined && from >= until) throw badRequest("from must be before until", "invalid_field_format");
  return { from, until };
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
