import { expect, test } from "vitest";
import { type Scan, scan, SEARCH_MS_MAX, SEARCHED_ROWS_MAX } from "./scan.ts";

type Trial = { readonly found: number[]; readonly next: number | undefined; readonly read: number };

/** Scans the numbers below `count`. */
async function trial(count: number, over: Partial<Scan<number>> & { readonly limit?: number } = {}): Promise<Trial> {
  const found: number[] = [];
  let read = 0;
  const next = await scan<number>({
    now: () => 0,
    readPage: async ({ after = -1, limit }) => {
      const rows = Array.from({ length: Math.max(0, Math.min(limit, count - after - 1)) }, (_, index) => after + 1 + index);
      read += rows.length;
      return rows;
    },
    testOf: async () => (row) => row % 10 === 0,
    onMatch: (row) => found.push(row) < (over.limit ?? Infinity),
    ...over,
  });
  return { found, next, read };
}

test("a list is looked through to its end", async () => {
  expect(await trial(125)).toEqual({ found: [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120], next: undefined, read: 125 });
  expect(await trial(0)).toEqual({ found: [], next: undefined, read: 0 });
  expect(await trial(100)).toMatchObject({ next: undefined });
});

test("when there is enough, it says where to go on; at the last row of the list it is through", async () => {
  expect(await trial(125, { limit: 2 })).toMatchObject({ found: [0, 10], next: 10 });
  expect(await trial(11, { limit: 2 })).toMatchObject({ found: [0, 10], next: undefined });
});

test("a scan that finds nothing ends at its bound of rows, and says where", async () => {
  const testOf = async () => () => false;
  expect(await trial(SEARCHED_ROWS_MAX * 2, { testOf })).toEqual({ found: [], next: SEARCHED_ROWS_MAX - 1, read: SEARCHED_ROWS_MAX });
});

test("a scan whose rows take long ends with its time, but looks at one row at least", async () => {
  let now = 0;
  const slow = async () => () => ((now += SEARCH_MS_MAX / 4), false);
  expect(await trial(100, { now: () => now, testOf: slow })).toMatchObject({ next: 3 });
  const verySlow = async () => () => ((now += SEARCH_MS_MAX * 9), false);
  expect(await trial(100, { now: () => now, testOf: verySlow })).toMatchObject({ next: 0 });
});
