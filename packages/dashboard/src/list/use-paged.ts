/**
 * A paged list of the server with live rows, for the views of runs and events.
 *
 * U1  The list of the last address stays on screen, marked stale, until the answer for the new one is there.
 * U2  At most one refetch of the first page runs at a time and they start `REFETCH_MS` apart, however busy the stream is.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, get } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { LiveMessage } from "../api/live.ts";
import { emptyPaged, revealed, withChanges, withFirstPage, withHeldPage, withOlderPage } from "./paged.ts";
import type { Intake, Page, Paged, Row } from "./paged.ts";

const REFETCH_MS = 500;

/** Lists of this many addresses are kept for coming back. */
const LISTS_MAX = 12;

const kept = new Map<string, Paged<Row>>();

export type PagedSource<T extends Row> = Intake<T> & {
  /** Path of a page below `/ui/v1`; the one without cursor identifies the list. */
  readonly pathOf: (cursor?: string) => string;
  /** What a message of the stream means for the list: rows that changed, or that the first page should be fetched again. */
  readonly onLive: (message: LiveMessage) => readonly T[] | "refetch";
};

export type PagedView<T extends Row> = {
  readonly list: Paged<T>;
  readonly error?: ApiError;
  /** No answer for this address yet. */
  readonly isFirstLoad: boolean;
  /** Rows on screen belong to the address before. */
  readonly isStale: boolean;
  readonly isLoadingMore: boolean;
  readonly reload: () => void;
  readonly loadMore: () => void;
  readonly reveal: () => void;
  /** Tells whether new rows must wait: true while the user points at the list or has scrolled. */
  readonly hold: (isHeld: boolean) => void;
};

type State<T extends Row> = { readonly key: string; readonly list: Paged<T>; readonly error?: ApiError; readonly isAnswered: boolean };

/** Loads, pages and follows a list. */
export function usePaged<T extends Row>(source: PagedSource<T>): PagedView<T> {
  const key = source.pathOf();
  const [state, setState] = useState<State<T>>(() => initialState(key));
  const [isLoadingMore, setLoadingMore] = useState(false);
  const isHeld = useRef(false);
  const { compare, accepts, onLive, pathOf } = source;

  const update = useCallback((change: (list: Paged<T>) => Paged<T>) => setState((last) => ({ ...last, list: change(last.list) })), []);
  const refetch = useRefetch<T>(key, (outcome) => setState((last) => answered(last, outcome, isHeld.current ? compare : undefined)));
  useEffect(() => {
    if (state.isAnswered) keep(state.key, state.list);
  }, [state]);
  useLive((message) => {
    const rows = onLive(message);
    if (rows === "refetch") refetch();
    else if (rows.length > 0) update((list) => settle(withChanges(list, rows, { compare, accepts }), { isHeld: isHeld.current, compare }));
  });

  const { next } = state.list;
  const loadMore = useCallback(() => {
    if (next === undefined || isLoadingMore || state.key !== key) return;
    setLoadingMore(true);
    get<Page<T>>(pathOf(next))
      .then((page) => setState((last) => (last.key === key ? { ...last, list: withOlderPage(last.list, page) } : last)))
      .catch((error: unknown) => setState((last) => (error instanceof ApiError ? { ...last, error } : last)))
      .finally(() => setLoadingMore(false));
  }, [next, isLoadingMore, key, state.key, pathOf]);

  const shown = state.key === key ? state : { ...state, list: (kept.get(key) as Paged<T> | undefined) ?? state.list };
  return {
    list: shown.list,
    ...(state.error === undefined ? {} : { error: state.error }),
    isFirstLoad: !state.isAnswered && shown.list.rows.length === 0,
    isStale: state.key !== key && !kept.has(key),
    isLoadingMore,
    reload: refetch,
    loadMore,
    reveal: useCallback(() => update((list) => revealed(list, compare)), [update, compare]),
    hold: useCallback((held: boolean) => {
      isHeld.current = held;
    }, []),
  };
}

/** Forgets all lists; for tests. */
export function clearLists(): void {
  kept.clear();
}

type Outcome<T extends Row> = { readonly key: string; readonly page?: Page<T>; readonly error?: ApiError };

/** The first page, fetched on mounting, on a new key, and on demand. Keeps U2. */
function useRefetch<T extends Row>(key: string, onOutcome: (outcome: Outcome<T>) => void): () => void {
  const latest = useRef(onOutcome);
  const abort = useRef<AbortController>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastAt = useRef(0);
  useEffect(() => {
    latest.current = onOutcome;
  });
  const fetchNow = useCallback(() => {
    timer.current = undefined;
    lastAt.current = Date.now();
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    get<Page<T>>(key, controller.signal)
      .then((page) => latest.current({ key, page }))
      .catch((error: unknown) => {
        if (!controller.signal.aborted && error instanceof ApiError) latest.current({ key, error });
      });
  }, [key]);
  useEffect(() => {
    fetchNow();
    return () => {
      abort.current?.abort();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [fetchNow]);
  return useCallback(() => {
    timer.current ??= setTimeout(fetchNow, Math.max(0, lastAt.current + REFETCH_MS - Date.now()));
  }, [fetchNow]);
}

function initialState<T extends Row>(key: string): State<T> {
  const list = kept.get(key) as Paged<T> | undefined;
  return { key, list: list ?? emptyPaged<T>(), isAnswered: list !== undefined };
}

/** The state after an answer. `heldBy` is the order of a list that is held. */
function answered<T extends Row>(last: State<T>, outcome: Outcome<T>, heldBy: Intake<T>["compare"] | undefined): State<T> {
  const base = last.key === outcome.key ? last.list : ((kept.get(outcome.key) as Paged<T> | undefined) ?? emptyPaged<T>());
  if (outcome.page === undefined) {
    return { key: outcome.key, list: base, isAnswered: last.isAnswered, ...(outcome.error === undefined ? {} : { error: outcome.error }) };
  }
  const list =
    heldBy !== undefined && last.key === outcome.key ? withHeldPage(base, outcome.page, heldBy) : withFirstPage(base, outcome.page);
  return { key: outcome.key, list, isAnswered: true };
}

function settle<T extends Row>(list: Paged<T>, how: { readonly isHeld: boolean; readonly compare: (a: T, b: T) => number }): Paged<T> {
  return how.isHeld ? list : revealed(list, how.compare);
}

function keep(key: string, list: Paged<Row>): void {
  kept.delete(key);
  kept.set(key, list);
  const oldest = kept.keys().next().value;
  if (kept.size > LISTS_MAX && oldest !== undefined) kept.delete(oldest);
}
