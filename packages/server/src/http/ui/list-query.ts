/**
 * Queries of the lists: the parameters of a request, read into a query of the store. What can't be read is refused with `UiRefusal`.
 *
 * I1  A cursor holds the last row's place and nothing else; filters come with every request.
 */
import { compileSearch, type Search, type SearchOver } from "@pawl/engine";
import { isUlid, RUN_STATUSES, type RunStatus } from "@pawl/protocol";
import type { EventQuery, RunFilter, RunQuery } from "@pawl/store";
import type { Registry } from "../../core/registry.ts";
import { given } from "../../json.ts";
import { parseJson } from "./stored-json.ts";
import { invalid } from "./ui-error.ts";

/** A query string as parsed: a repeated name has a list. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

type Place = NonNullable<RunQuery["after"]>;

const LIMIT_DEFAULT = 50;

/** Longer pages make a list slower than a second request. */
const LIMIT_MAX = 200;

/** ULIDs of this century begin so; a text that does is looked for among the ids. */
const ID_PREFIX = /^0[0-9A-HJKMNP-TV-Z]{1,25}$/i;

/** A filter that no run passes. */
const NOTHING: RunFilter = { functionIds: [] };

/** Reads `status`, `function`, `app`, `event`, `from`, `until`, `q`, `cursor`, `limit`. */
export function readRunQuery(raw: RawQuery, registry: Registry): RunQuery {
  const statuses = listOf(raw["status"]).map(statusOf);
  const filter: RunFilter = {
    ...(statuses.length === 0 ? {} : { statuses }),
    ...given("from", instantOf(raw, "from")),
    ...given("until", instantOf(raw, "until")),
    ...placeFilter(raw, registry),
  };
  return { filter, timeField: "queuedAt", order: "desc", limit: limitOf(raw), ...given("after", placeOf(one(raw["cursor"]))) };
}

/** Reads `name`, `internal`, `cursor`, `limit`. */
export function readEventQuery(raw: RawQuery): EventQuery {
  const names = listOf(raw["name"]);
  const internal = one(raw["internal"]) ?? "false";
  if (internal !== "true" && internal !== "false") throw invalid(`internal is true or false, not ${internal}.`);
  const after = one(raw["cursor"]);
  if (after !== undefined && !isUlid(after)) throw badCursor();
  return { ...(names.length === 0 ? {} : { names }), includeInternal: internal === "true", limit: limitOf(raw), ...given("after", after) };
}

/** Reads `if`, an expression over what is listed; see the engine's `compileSearch`. */
export function readSearch(raw: RawQuery, over: SearchOver): Search | undefined {
  const source = one(raw["if"])?.trim() ?? "";
  if (source === "") return undefined;
  const compiled = compileSearch(source, over);
  if (compiled.kind === "invalid") throw invalid(`if is no valid expression: ${compiled.message}.`);
  return compiled.search;
}

/** The cursor that stands for a run. */
export function cursorOf({ queuedAt, id }: { readonly queuedAt: number; readonly id: string }): string {
  return Buffer.from(JSON.stringify([queuedAt, id])).toString("base64url");
}

/** Filters by function, app, event and text. A text is the start of an id, or part of a function's name, or an event's name. */
function placeFilter(raw: RawQuery, registry: Registry): RunFilter {
  const slugs = listOf(raw["function"]);
  const apps = listOf(raw["app"]);
  const text = one(raw["q"])?.trim() ?? "";
  const appIds = apps.map((name) => registry.appByName(name)?.id).filter((id) => id !== undefined);
  const functionIds = slugs.map((slug) => registry.functionBySlug(slug)?.id).filter((id) => id !== undefined);
  const base: RunFilter = {
    ...(slugs.length === 0 ? {} : { functionIds }),
    ...(apps.length === 0 ? {} : { appIds }),
    ...given("eventName", one(raw["event"])),
  };
  return text === "" ? base : withText(base, { text, registry });
}

function withText(base: RunFilter, { text, registry }: { readonly text: string; readonly registry: Registry }): RunFilter {
  if (ID_PREFIX.test(text)) return { ...base, idPrefix: text.toUpperCase() };
  const wanted = text.toLowerCase();
  const matching = registry
    .functions()
    .filter(({ slug, name }) => slug.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted))
    .map(({ id }) => id);
  if (matching.length === 0) return base.eventName === undefined || base.eventName === text ? { ...base, eventName: text } : NOTHING;
  const { functionIds = matching } = base;
  return { ...base, functionIds: functionIds.filter((id) => matching.includes(id)) };
}

function statusOf(text: string): RunStatus {
  const found = RUN_STATUSES.find((status) => status === text);
  if (found === undefined) throw invalid(`${text} is no status of a run.`, `Statuses are ${RUN_STATUSES.join(", ")}.`);
  return found;
}

function instantOf(raw: RawQuery, name: string): number | undefined {
  const text = one(raw[name]);
  if (text === undefined) return undefined;
  const at = Number(text);
  if (!Number.isFinite(at)) throw invalid(`${name} is an instant in milliseconds since 1970, not ${text}.`);
  return at;
}

function limitOf(raw: RawQuery): number {
  const text = one(raw["limit"]);
  const limit = Number(text ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw invalid(`limit is a whole number from 1 to ${LIMIT_MAX}, not ${text}.`);
  return limit;
}

function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const parsed = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  const [at, id] = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
  if (typeof at !== "number" || typeof id !== "string") throw badCursor();
  return { at, id };
}

function badCursor(): Error {
  return invalid("The cursor is not one that this server gave.", "Begin again without a cursor.");
}

/** Values of a parameter that may be repeated or hold a list with commas; empty ones are left out. */
function listOf(value: RawQuery[string]): readonly string[] {
  const texts = value === undefined ? [] : typeof value === "string" ? [value] : value;
  return texts.flatMap((text) => text.split(",")).filter((text) => text !== "");
}

function one(value: RawQuery[string]): string | undefined {
  const text = typeof value === "object" ? value.at(-1) : value;
  return text === "" ? undefined : text;
}
