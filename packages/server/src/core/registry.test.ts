import type { FunctionRow } from "@pawl/engine";
import { expect, test } from "vitest";
import { Registry } from "./registry.ts";

function row(
  id: string,
  over: { readonly archivedAt?: number; readonly createdAt?: number; readonly isEndpoint?: boolean } = {},
): FunctionRow {
  const { isEndpoint = false, createdAt = 0, ...rest } = over;
  const definition = { triggers: [], ...(isEndpoint ? { endpoint: { requestVersion: 2 } } : {}) };
  return { id, slug: "shop-import", createdAt, definition, ...rest } as unknown as FunctionRow;
}

const LIVE = row("live");
const ARCHIVED = row("archived", { archivedAt: 1, createdAt: 9 });
const ENDPOINT = row("endpoint", { isEndpoint: true, createdAt: 9 });
const NEWER = row("newer", { createdAt: 5 });

test.each([
  [[LIVE, ARCHIVED], "live"],
  [[ARCHIVED, LIVE], "live"],
  [[ENDPOINT, LIVE, ARCHIVED], "live"],
  [[ARCHIVED, ENDPOINT], "endpoint"],
  [[NEWER, LIVE], "newer"],
  [[LIVE, NEWER], "newer"],
  [[LIVE, NEWER, row("newer", { createdAt: 5, archivedAt: 7 })], "live"],
])("a slug that several functions have had stands for the one that works, in any order: %#", (rows, expected) => {
  const registry = new Registry();
  for (const each of rows) registry.putFunctions([each]);
  expect(registry.functionBySlug("shop-import")?.id).toBe(expected);
  expect(registry.invocable("shop-import")?.id).toBe(expected);
});
