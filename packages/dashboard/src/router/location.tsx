/**
 * The browser's address as a store, and links that change it without loading the page.
 *
 * L1  Continuous changes (typing) replace the history entry, discrete ones (opening a run) add one.
 */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from "react";

export type NavigateOptions = {
  /** Replace the current history entry instead of adding one. Default false. */
  readonly isReplacing?: boolean;
};

/** Query parameters by name; an empty or undefined value removes the parameter. */
export type QueryPatch = { readonly [name: string]: string | undefined };

const listeners = new Set<() => void>();

/** Goes to a path with query, such as `/runs?status=FAILED`. */
export function navigate(target: string, options: NavigateOptions = {}): void {
  if (target === currentAddress()) return;
  if (options.isReplacing === true) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  notify();
}

/** Changes some query parameters of the present page and keeps the others. */
export function patchQuery(patch: QueryPatch, options: NavigateOptions = {}): void {
  const query = new URLSearchParams(location.search);
  for (const [name, text] of Object.entries(patch)) {
    if (text === undefined || text === "") query.delete(name);
    else query.set(name, text);
  }
  const search = query.toString().replaceAll("%2C", ",");
  navigate(location.pathname + (search === "" ? "" : `?${search}`), options);
}

/** Path and query of the present page; renders again when either changes. */
export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const address = useSyncExternalStore(subscribe, currentAddress);
  return useMemo(() => {
    const [path = "/", search = ""] = address.split("?");
    return { path, query: new URLSearchParams(search) };
  }, [address]);
}

/** An ordinary link within the dashboard: opens in place, and in a new tab when the user asks for one. */
export function Link(props: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string }): ReactNode {
  const { onClick, href } = props;
  const follow = useCallback(
    (event: MouseEvent<HTMLAnchorElement>) => {
      onClick?.(event);
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      navigate(href);
    },
    [onClick, href],
  );
  return <a {...props} onClick={follow} />;
}

function currentAddress(): string {
  return location.pathname + location.search;
}

function notify(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
