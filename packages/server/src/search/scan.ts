/**
 * Looks through a list for what matches, page by page, within bounds.
 *
 * I1  At least one row is looked at, so that whoever goes on where a scan ended comes to an end.
 * I2  A scan that is not through says after which row to go on, also where nothing has matched.
 * I3  Others get a turn of the event loop after each page.
 */
import { setImmediate } from "node:timers/promises";

/** Rows of one page: a compromise between statements and memory, as a run can bring an output of megabytes. */
const PAGE = 50;

/** Rows looked at for one request; without what they hold, they take about 50 ms. */
export const SEARCHED_ROWS_MAX = 5_000;

/** Time for one request, milliseconds: expressions can be dear, and rows large. */
export const SEARCH_MS_MAX = 1_000;

export type Scan<T> = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readPage: (page: { readonly after: T | undefined; readonly limit: number }) => Promise<readonly T[]>;
  /** Reads what the page's rows need, and gives their test. */
  readonly testOf: (rows: readonly T[]) => Promise<(row: T) => boolean>;
  /** Takes a row that matches; false: that is enough. */
  readonly onMatch: (row: T) => boolean;
};

/** Scans from the beginning of the list; the result is the row after which to go on, or undefined after the last row. */
export async function scan<T>({ now, readPage, testOf, onMatch }: Scan<T>): Promise<T | undefined> {
  const deadline = now() + SEARCH_MS_MAX;
  let after: T | undefined;
  for (let seen = 0; ;) {
    const rows = await readPage({ after, limit: PAGE });
    const matches = await testOf(rows);
    for (const [index, row] of rows.entries()) {
      seen += 1;
      after = row;
      const isEnough = matches(row) && !onMatch(row);
      const isLast = index === rows.length - 1 && rows.length < PAGE;
      if (isEnough || seen >= SEARCHED_ROWS_MAX || now() >= deadline) return isLast ? undefined : row;
    }
    if (rows.length < PAGE) return undefined;
    await setImmediate();
  }
}
