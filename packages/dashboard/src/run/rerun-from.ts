/**
 * Running again from a step: which steps take new arguments, and what was typed for them.
 *
 * F1  Arguments go along only where they were changed; otherwise the step gets those that the code gives it.
 */
import type { UiSpan } from "@pawl/protocol";
import { parseJson } from "../json/parse.ts";

/** True for a step that a run can begin at. */
export function canRerunFrom({ kind }: UiSpan): boolean {
  return kind !== "function";
}

/** True for a step whose code takes arguments. */
export function takesArguments({ kind }: UiSpan): boolean {
  return kind === "run";
}

/** The arguments as they were, indented; empty where they aren't known. */
export function argumentsText({ input }: Pick<UiSpan, "input">): string {
  if (input === undefined) return "";
  const parsed = parseJson(input);
  if (!parsed.isValid) return "";
  return JSON.stringify(Array.isArray(parsed.value) ? parsed.value : [parsed.value], null, 2);
}

/** What was typed: arguments to send (F1), none, or what is wrong. */
export type TypedArguments =
  | { readonly kind: "unchanged" }
  | { readonly kind: "changed"; readonly input: readonly unknown[] }
  | { readonly kind: "wrong"; readonly problem: string };

/** Reads what was typed in place of `before`. */
export function readArguments(typed: string, before: string): TypedArguments {
  if (typed.trim() === before.trim() || typed.trim() === "") return { kind: "unchanged" };
  const parsed = parseJson(typed);
  if (!parsed.isValid) {
    const { line, column, message } = parsed.problem;
    return { kind: "wrong", problem: `Line ${line}, column ${column}: ${message}` };
  }
  if (!Array.isArray(parsed.value)) return { kind: "wrong", problem: 'Arguments are a JSON array, such as [{ "id": 1 }].' };
  return { kind: "changed", input: parsed.value as readonly unknown[] };
}
