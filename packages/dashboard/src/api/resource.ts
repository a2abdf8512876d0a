/**
 * Answers of the server, kept by their path: coming back to a page shows what was there at once and renews it behind.
 *
 * C1  An answer that was asked for earlier never replaces a later one.
 * C2  A failed renewal keeps the data that was there, next to the error.
 * C3  At most `ANSWERS_MAX` answers are kept; the oldest go first.
 */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { ApiError, get } from "./client.ts";

export type Resource<T> = {
  readonly data?: T;
  readonly error?: ApiError;
  readonly isLoading: boolean;
  /** When the data was fetched, by the browser's clock. */
  readonly fetchedAt?: number;
};

/** Enough for a long session of opening runs; a run with large payloads may be a megabyte. */
const ANSWERS_MAX = 40;

const EMPTY: Resource<never> = { isLoading: false };
const entries = new Map<string, Resource<unknown>>();
const fetches = new Map<string, { isStale: boolean }>();
const listeners = new Set<() => void>();

/** The answer at a path (below `/ui/v1`), fetched on mounting. `undefined` fetches nothing. */
export function useResource<T>(path: string | undefined): Resource<T> & { readonly reload: () => void } {
  const entry = useSyncExternalStore(subscribe, () => (path === undefined ? EMPTY : (entries.get(path) ?? EMPTY)));
  const reload = useCallback(() => {
    if (path !== undefined) void load(path);
  }, [path]);
  useEffect(reload, [reload]);
  return { ...(entry as Resource<T>), reload };
}

/** Forgets everything; for tests. */
export function clearResources(): void {
  entries.clear();
  fetches.clear();
}

/** Fetches a path and keeps the answer. Calls during a fetch join into one fetch after it. */
async function load(path: string): Promise<void> {
  const running = fetches.get(path);
  if (running !== undefined) {
    running.isStale = true;
    return;
  }
  const ticket = { isStale: false };
  fetches.set(path, ticket);
  put(path, { ...entries.get(path), isLoading: true });
  const outcome = await get<unknown>(path).then(
    (data) => ({ data, fetchedAt: Date.now() }),
    (error: unknown) => ({ ...withoutError(entries.get(path)), error: asApiError(error) }),
  );
  if (fetches.get(path) !== ticket) return;
  fetches.delete(path);
  put(path, { ...outcome, isLoading: false });
  if (ticket.isStale) await load(path);
}

function put(path: string, entry: Resource<unknown>): void {
  entries.delete(path);
  entries.set(path, entry);
  for (const key of entries.keys()) {
    if (entries.size <= ANSWERS_MAX) break;
    if (!fetches.has(key)) entries.delete(key);
  }
  for (const listener of listeners) listener();
}

function withoutError(entry: Resource<unknown> | undefined): Partial<Resource<unknown>> {
  if (entry?.data === undefined) return {};
  return { data: entry.data, ...(entry.fetchedAt === undefined ? {} : { fetchedAt: entry.fetchedAt }) };
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(error instanceof Error ? error.message : "Unknown failure.", { code: "unknown", status: 0 });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
