import { expect, test } from "vitest";
import { mergedMetadata, metadataBytes, metadataRow, readMetadata } from "./metadata.ts";

const row = (op: "merge" | "set" | "delete" | "add", values: Record<string, unknown>, now: number) =>
  metadataRow({ kind: "userland.k", op, values }, { runId: "r", stepId: "", source: String(now), now });

test("updates amount to what they say in the order in which they were made", () => {
  const rows = [row("merge", { a: 1, b: 1 }, 1), row("merge", { b: 2 }, 2), row("add", { a: 4, c: 1 }, 3), row("delete", { b: null }, 4)];
  expect(mergedMetadata(rows.toReversed())).toEqual([{ stepId: "", kind: "userland.k", values: { a: 5, c: 1 }, updatedAt: 4 }]);
  expect(mergedMetadata([...rows, row("set", { z: 1 }, 5)])[0]?.values).toEqual({ z: 1 });
});

test.each([
  [{ kind: "", op: "merge", values: {} }, "kind"],
  [{ kind: "inngest.nope", op: "merge", values: {} }, "no kind"],
  [{ kind: "userland.x", op: "twist", values: {} }, "op must be"],
  [{ kind: "userland.x", op: "merge", values: [] }, "values"],
])("%j is refused: %s", (raw, words) => {
  expect(readMetadata(raw)).toContain(words);
});

test("an update counts its keys and its values", () => {
  expect(metadataBytes({ ab: "c", d: 10 })).toBe(2 + 3 + 1 + 2);
});
