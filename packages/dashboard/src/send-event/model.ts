/** The form for sending an event: what was typed, what is wrong with it, what to begin with. */
import { parseJson } from "../json/parse.ts";

/** What the fields hold. */
export type Draft = { readonly name: string; readonly data: string; readonly id: string };

const KEY = "pawl.last-event";

/** Data of a form that nobody has touched. */
export const BLANK_DATA = "{\n  \n}";

/** Problem of the name; undefined for none. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "An event needs a name, such as shop/order.placed.";
  return name.toLowerCase().startsWith("inngest/") ? "Names that begin with inngest/ are the server's own." : undefined;
}

/** What is wrong with the data, and where in the text if it can be pointed at. */
export type DataProblem = { readonly message: string; readonly offset?: number };

/** Problem of the data, with line and column; undefined for none. Empty data counts as `{}`. */
export function dataProblem(data: string): DataProblem | undefined {
  const parsed = parseJson(data.trim() === "" ? "{}" : data);
  if (!parsed.isValid) {
    const { line, column, message, offset } = parsed.problem;
    return { message: `Line ${line}, column ${column}: ${message}`, offset };
  }
  const { value } = parsed;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? undefined : { message: 'The data must be a JSON object, such as { "id": 1 }.' };
}

/** The body to send. The draft must have no problem. */
export function bodyOf({ name, data, id }: Draft): { readonly name: string; readonly data: unknown; readonly id?: string } {
  const body = { name: name.trim(), data: JSON.parse(data.trim() === "" ? "{}" : data) as unknown };
  return id.trim() === "" ? body : { ...body, id: id.trim() };
}

/** The same event as a command line. The Event API takes any key in development. */
export function curlOf(draft: Draft, origin: string): string {
  const json = JSON.stringify(bodyOf(draft)).replaceAll("'", String.raw`'\''`);
  return `curl -X POST ${origin}/e/dev -H 'content-type: application/json' -d '${json}'`;
}

/** JSON text, indented; a text that isn't JSON stays as it is. */
export function pretty(text: string): string {
  const parsed = parseJson(text);
  return parsed.isValid ? JSON.stringify(parsed.value, null, 2) : text;
}

/** The event that was sent last from this browser. */
export function lastDraft(): Draft {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof kept === "object" && kept !== null && "name" in kept && "data" in kept)
      return { name: String(kept.name), data: String(kept.data), id: "" };
  } catch {
    // Nothing kept, or storage is switched off.
  }
  return { name: "", data: BLANK_DATA, id: "" };
}

/** Keeps the event for the next time. */
export function keepDraft(draft: Draft): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ name: draft.name, data: draft.data }));
  } catch {
    // Storage is switched off.
  }
}
