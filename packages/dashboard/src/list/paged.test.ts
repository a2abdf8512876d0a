import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyPaged, revealed, withChanges, withFirstPage, withOlderPage } from "./paged.ts";
import type { Paged } from "./paged.ts";
import { windowOf } from "./window.ts";

type TestRow = { readonly id: string; readonly seq: number };
const row = (id: string, seq = 1): TestRow => ({ id, seq });
const ids = (list: Paged<TestRow>): string => list.rows.map((each) => each.id).join("");
const intake = { compare: (a: TestRow, b: TestRow): number => (a.id < b.id ? 1 : -1), accepts: (): boolean => true };
const newestFirst = (a: TestRow, b: TestRow): number => (a.id < b.id ? 1 : -1);

test("pages append without doubling a row", () => {
  const first = withFirstPage(emptyPaged<TestRow>(), { items: [row("d"), row("c")], next: "1" });
  const both = withOlderPage(first, { items: [row("c"), row("b")], next: "2" });
  expect([ids(both), both.next]).toEqual(["dcb", "2"]);
});

test("fetching the first page again keeps the older pages where they join", () => {
  const list = withOlderPage(withFirstPage(emptyPaged<TestRow>(), { items: [row("d"), row("c")], next: "1" }), {
    items: [row("b")],
    next: "2",
  });
  const again = withFirstPage(list, { items: [row("e"), row("d"), row("c")], next: "1" });
  expect([ids(again), again.next]).toEqual(["edcb", "2"]);
});

test("fetching the first page again after a gap starts over", () => {
  const list = withFirstPage(emptyPaged<TestRow>(), { items: [row("b"), row("a")], next: "1" });
  expect(ids(withFirstPage(list, { items: [row("h"), row("g")], next: "9" }))).toBe("hg");
});

test("a changed row is replaced where it is; an older state of it is ignored", () => {
  const list = withFirstPage(emptyPaged<TestRow>(), { items: [row("b", 5), row("a", 2)] });
  const changed = withChanges(list, [row("b", 4), row("a", 7)], intake);
  expect(changed.rows).toEqual([row("b", 5), row("a", 7)]);
});

test("new rows wait until they are revealed", () => {
  const list = withFirstPage(emptyPaged<TestRow>(), { items: [row("b")] });
  const waiting = withChanges(withChanges(list, [row("c")], intake), [row("d"), row("c", 3)], intake);
  expect([ids(waiting), waiting.pending]).toEqual(["b", [row("d"), row("c", 3)]]);
  expect(ids(revealed(waiting, newestFirst))).toBe("dcb");
});

test("unknown rows that fail the filter, or belong to a page not loaded, don't wait", () => {
  const list = withFirstPage(emptyPaged<TestRow>(), { items: [row("g"), row("f")], next: "1" });
  const filtered = withChanges(list, [row("h"), row("i"), row("c")], { ...intake, accepts: (each) => each.id !== "h" });
  expect(filtered.pending).toEqual([row("i")]);
});

test("property: a row is never twice in the list", () => {
  const batch = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"), seq: fc.nat(9) }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      let list = emptyPaged<TestRow>();
      for (const [index, items] of batches.entries()) {
        if (index % 3 === 0) list = withOlderPage(list, { items });
        else if (index % 3 === 1) list = revealed(withChanges(list, dedupe(items), intake), newestFirst);
        else list = withFirstPage(list, { items: dedupe(items) });
      }
      expect(new Set(list.rows.map((each) => each.id)).size).toBe(list.rows.length);
    }),
  );
});

test("property: the window covers what is visible and stays small", () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(4_000_000), fc.integer({ min: 0, max: 1_200 }), (count, scrollTop, height) => {
      const { first, end } = windowOf({ scrollTop, height }, { count, rowHeight: 32 });
      expect(first).toBeLessThanOrEqual(end);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - first).toBeLessThanOrEqual(Math.ceil(height / 32) + 1 + 16);
      for (const at of [Math.floor(scrollTop / 32), Math.ceil((scrollTop + height) / 32) - 1]) {
        if (at >= 0 && at < count && height > 0) expect(at >= first && at < end).toBe(true);
      }
    }),
  );
});

function dedupe(rows: readonly TestRow[]): readonly TestRow[] {
  return [...new Map(rows.map((each) => [each.id, each])).values()];
}

test("a run that came by the stream while the page was read stays", () => {
  const list = revealed(withChanges(emptyPaged<TestRow>(), [row("z", 9)], intake), newestFirst);
  expect(ids(withFirstPage(list, { items: [row("b", 5), row("a", 4)] }))).toBe("zba");
});
