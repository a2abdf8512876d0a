import { expect, test } from "vitest";
import { mergeSessions } from "./sessions.ts";

test("inherited ones come in the order of their bytes in UTF-8", () => {
  const inherited = Object.fromEntries(["😀", "\u{ffee}", "é", "b", "a", "ab"].map((key) => [key, "1"]));
  expect(Object.keys(mergeSessions({ propagated_sessions: inherited }) ?? {})).toEqual(["a", "ab", "b", "é", "\u{ffee}"]);
});

test.each([undefined, null, 7, {}, { sessions: {} }, { sessions: null, propagated_sessions: { a: "1" } }])("%j has none", (meta) => {
  expect(mergeSessions(meta)).toBeUndefined();
});
