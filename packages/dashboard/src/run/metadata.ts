/**
 * What was noted about a run or a step: scores, experiments, the user's own values.
 *
 * Wire: metadata kinds `inngest.score` (`{name: {value}}`), `inngest.experiment` (`{name, variant}`), `userland.…`.
 */
import type { UiRunDetail } from "@pawl/protocol";

type Entry = NonNullable<UiRunDetail["metadata"]>[number];

export type Note =
  | { readonly kind: "score"; readonly name: string; readonly value: string }
  | { readonly kind: "experiment"; readonly name: string; readonly variant: string }
  /** JSON text of anything else. */
  | { readonly kind: "values"; readonly title: string; readonly text: string };

/** The notes of a step, or of the run where `stepId` is empty: scores, experiments, then the rest. */
export function notesOf(metadata: UiRunDetail["metadata"], stepId: string): readonly Note[] {
  const notes = (metadata ?? []).filter((entry) => entry.stepId === stepId).flatMap(readEntry);
  return notes.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

const ORDER: readonly Note["kind"][] = ["score", "experiment", "values"];

function readEntry({ kind, values }: Entry): readonly Note[] {
  const fields = fieldsOf(values);
  if (kind === "inngest.score") {
    return Object.entries(fields).map(([name, score]) => ({ kind: "score", name, value: textOf(fieldOf(score, "value") ?? score) }));
  }
  const { name, variant } = fields;
  if (kind === "inngest.experiment" && typeof name === "string" && typeof variant === "string")
    return [{ kind: "experiment", name, variant }];
  return [{ kind: "values", title: kind.replace(/^(userland|inngest)\./, ""), text: values }];
}

type Fields = { readonly [name: string]: unknown; readonly name?: unknown; readonly variant?: unknown };

function fieldsOf(text: string): Fields {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Fields) : {};
  } catch {
    return {};
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Fields)[name] : undefined;
}

function textOf(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 10_000) / 10_000);
  return typeof value === "boolean" ? (value ? "yes" : "no") : JSON.stringify(value);
}
