/**
 * Metadata of runs and steps: what updates may say, and what many of them amount to.
 *
 * I1  Updates are kept one by one and put together when they are read, so that two writers at a time never lose each other's words.
 * I2  An op's update of one step is one row: a step that is reported again replaces it.
 *
 * Spec: wire 13.4; semantics 12.6.
 */
import { canonicalJson, isOverBytes, type OpMetadata, utf8Bytes } from "@pawl/protocol";
import type { MetadataRow } from "./metadata-row.ts";
import { isRecord } from "../json.ts";

const KIND_BYTES_MAX = 128;

const OWN_KINDS: ReadonlySet<string> = new Set(
  ["ai", "http", "http.timing", "response_headers", "warnings", "experiment", "score"].map((kind) => `inngest.${kind}`),
);

const OPERATIONS = ["merge", "set", "delete", "add"] as const;
type Operation = (typeof OPERATIONS)[number];

type Values = Readonly<Record<string, unknown>>;

/** A checked update. */
export type MetadataUpdate = { readonly kind: string; readonly op: Operation; readonly values: Values };

/** Reads an update; a sentence for what is wrong. */
export function readMetadata(raw: Partial<Omit<OpMetadata, "scope">>): MetadataUpdate | string {
  const { kind, op = "merge", values } = raw;
  if (typeof kind !== "string" || kind === "" || isOverBytes(kind, KIND_BYTES_MAX)) return "kind must be a text of at most 128 bytes";
  if (!kind.startsWith("userland.") && !OWN_KINDS.has(kind)) return `there is no kind ${kind}; kinds of your own begin with userland.`;
  const known = OPERATIONS.find((operation) => operation === op);
  if (known === undefined) return `op must be merge, set, delete or add, got ${op}`;
  if (!isRecord(values)) return "values must be an object";
  return { kind, op: known, values };
}

/** Bytes that an update counts for. */
export function metadataBytes(values: Values): number {
  return Object.entries(values).reduce((bytes, [key, value]) => bytes + utf8Bytes(key) + utf8Bytes(canonicalJson(value ?? null)), 0);
}

/** The row of an update. `source` tells updates of one kind apart: who made it. */
export function metadataRow(
  { kind, op, values }: MetadataUpdate,
  place: { readonly runId: string; readonly stepId: string; readonly source: string; readonly now: number },
): MetadataRow {
  const { runId, stepId, source: name, now: updatedAt } = place;
  return { runId, stepId, kind, name, values: canonicalJson({ op, values }), updatedAt };
}

/** Metadata as it is now. `stepId` is empty for the run's own. */
export type Metadata = { readonly stepId: string; readonly kind: string; readonly values: Values; readonly updatedAt: number };

/** Puts updates together, in the order in which they were made. */
export function mergedMetadata(rows: readonly MetadataRow[]): readonly Metadata[] {
  const merged = new Map<string, Metadata>();
  for (const row of rows.toSorted((a, b) => a.updatedAt - b.updatedAt || (a.name < b.name ? -1 : 1))) {
    const key = `${row.stepId} ${row.kind}`;
    const { op, values } = JSON.parse(row.values) as Pick<MetadataUpdate, "op" | "values">;
    const before = merged.get(key)?.values ?? {};
    merged.set(key, { stepId: row.stepId, kind: row.kind, values: applied(before, op, values), updatedAt: row.updatedAt });
  }
  return [...merged.values()];
}

function applied(before: Values, op: Operation, values: Values): Values {
  switch (op) {
    case "set":
      return values;
    case "merge":
      return { ...before, ...values };
    case "delete":
      return Object.fromEntries(Object.entries(before).filter(([key]) => !Object.hasOwn(values, key)));
    case "add":
      return {
        ...before,
        ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, numberOf(before[key]) + numberOf(value)])),
      };
  }
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
