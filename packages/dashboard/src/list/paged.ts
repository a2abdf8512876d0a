/**
 * A list that grows at both ends: older pages below by cursor, new rows above by the stream.
 *
 * P1  Nothing moves under the user: rows that arrive while the list is held wait in `pending` until revealed.
 * P2  A row is in the list at most once, and never replaced by an older state of itself.
 * P3  At most `ROWS_MAX` rows are kept; the cursor follows, so that the oldest can be fetched again.
 */
export type Row = {
  readonly id: string;
  /** Sequence of the last change; rows without one never change by the stream. */
  readonly seq?: number;
};

export type Paged<T extends Row> = {
  readonly rows: readonly T[];
  /** New rows, newest first, that wait for the user. */
  readonly pending: readonly T[];
  /** Cursor of the next older page; undefined when all rows are here. */
  readonly next?: string;
};

export type Page<T extends Row> = { readonly items: readonly T[]; readonly next?: string };

/** Beyond this a filter serves better than scrolling. */
export const ROWS_MAX = 5_000;

/** Waiting rows beyond this are dropped: the list is fetched anew when they are revealed. */
export const PENDING_MAX = 500;

/** An empty list, before the first page. */
export function emptyPaged<T extends Row>(): Paged<T> {
  return { rows: [], pending: [] };
}

/**
 * The newest page, fetched again or for the first time. Keeps older pages that are here already where they join without a gap, and rows
 * that came by the stream after the page was read.
 */
export function withFirstPage<T extends Row>(list: Paged<T>, page: Page<T>): Paged<T> {
  const oldest = page.items.at(-1);
  const joinsAt = oldest === undefined ? -1 : list.rows.findIndex((row) => row.id === oldest.id);
  const seqRead = Math.max(0, ...page.items.map((row) => row.seq ?? 0));
  const onPage = new Set(page.items.map((row) => row.id));
  const isLater = (row: T): boolean => (row.seq ?? 0) > seqRead && !onPage.has(row.id);
  const end = joinsAt < 0 ? list.rows.findIndex((row) => !isLater(row)) : joinsAt;
  const later = [...list.pending, ...list.rows.slice(0, end < 0 ? undefined : end)].filter(isLater);
  if (joinsAt < 0) return makePaged(unique([...later, ...page.items]), page.next);
  const kept = new Map(list.rows.map((row) => [row.id, row]));
  const rows = [...later, ...page.items.map((row) => newer(kept.get(row.id), row)), ...list.rows.slice(joinsAt + 1)];
  return makePaged(unique(rows), list.next);
}

/** The newest page while the list is held: what is new waits, what is known is brought up to date. Keeps P1. */
export function withHeldPage<T extends Row>(list: Paged<T>, page: Page<T>, compare: Intake<T>["compare"]): Paged<T> {
  const isJoined = page.items.some((row) => list.rows.some((known) => known.id === row.id));
  return isJoined ? withChanges(list, page.items, { compare, accepts: () => true }) : withFirstPage(list, page);
}

/** An older page, appended. */
export function withOlderPage<T extends Row>(list: Paged<T>, page: Page<T>): Paged<T> {
  const rows = unique([...list.rows, ...page.items]).slice(0, ROWS_MAX);
  return { ...makePaged(rows, rows.length >= ROWS_MAX ? undefined : page.next), pending: list.pending };
}

/** What a list takes in from the stream. */
export type Intake<T extends Row> = {
  /** Order of the list: negative when `a` stands above `b`. */
  readonly compare: (a: T, b: T) => number;
  /** True for rows that pass the list's filters. */
  readonly accepts: (row: T) => boolean;
};

/**
 * Changes from the stream: known rows are replaced where they are, even when they no longer pass the filters; unknown ones wait in
 * `pending` if they pass them. Rows older than the last one loaded belong to a page that isn't here yet.
 */
export function withChanges<T extends Row>(list: Paged<T>, changed: readonly T[], intake: Intake<T>): Paged<T> {
  const byId = new Map(changed.map((row) => [row.id, row]));
  const patch = (row: T): T => newer(row, byId.get(row.id) ?? row);
  const known = new Set([...list.rows, ...list.pending].map((row) => row.id));
  const last = list.next === undefined ? undefined : list.rows.at(-1);
  const isNew = (row: T): boolean => !known.has(row.id) && intake.accepts(row) && (last === undefined || intake.compare(row, last) < 0);
  return { ...list, rows: list.rows.map(patch), pending: [...changed.filter(isNew), ...list.pending.map(patch)].slice(0, PENDING_MAX) };
}

/** The waiting rows take their places. */
export function revealed<T extends Row>(list: Paged<T>, compare: (a: T, b: T) => number): Paged<T> {
  if (list.pending.length === 0) return list;
  return {
    ...list,
    rows: unique([...list.pending, ...list.rows])
      .toSorted(compare)
      .slice(0, ROWS_MAX),
    pending: [],
  };
}

function makePaged<T extends Row>(rows: readonly T[], next: string | undefined): Paged<T> {
  return { rows, pending: [], ...(next === undefined ? {} : { next }) };
}

function newer<T extends Row>(known: T | undefined, other: T): T {
  return known !== undefined && (known.seq ?? 0) > (other.seq ?? 0) ? known : other;
}

function unique<T extends Row>(rows: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(row.id) && seen.add(row.id));
}
