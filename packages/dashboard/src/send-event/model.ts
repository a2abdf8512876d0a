/** The form for sending an event: what was typed, what is wrong with it, what to begin with. */
import type { UiFunction } from "@pawl/protocol";
import { parseJson } from "../json/parse.ts";

/** What the fields hold. */
export type Draft = { readonly name: string; readonly data: string; readonly id: string };

const KEY = "pawl.last-event";

/** Problem of the name; undefined for none. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "An event needs a name, such as shop/order.placed.";
  return name.toLowerCase().startsWith("inngest/") ? "Names that begin with inngest/ are the server's own." : undefined;
}

/** Problem of the data, with line and column; undefined for none. */
export function dataProblem(data: string): string | undefined {
  const parsed = parseJson(data.trim() === "" ? "{}" : data);
  if (!parsed.isValid) return `Line ${parsed.problem.line}, column ${parsed.problem.column}: ${parsed.problem.message}`;
  const { value } = parsed;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? undefined
    : 'The data must be a JSON object, such as { "id": 1 }.';
}

/** Names that start a function, each once. */
export function knownNames(functions: readonly UiFunction[]): readonly string[] {
  const names = functions.flatMap(({ triggers }) =>
    triggers.flatMap(({ event }) => (event === undefined || event.startsWith("inngest/") || event.includes("*") ? [] : [event])),
  );
  return [...new Set(names)].toSorted();
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
  return { name: "", data: "{\n  \n}", id: "" };
}

/** Keeps the event for the next time. */
export function keepDraft(draft: Draft): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ name: draft.name, data: draft.data }));
  } catch {
    // Storage is switched off.
  }
}
