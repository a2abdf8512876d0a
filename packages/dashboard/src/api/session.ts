/**
 * Whether the server has let this browser in.
 *
 * S1  An answer that asks for the signing key, to whatever request, brings up the form for it; signing in brings back the page that was open.
 */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let isSignedOut = false;

/** True from the first refusal until somebody has signed in. */
export function useSignedOut(): boolean {
  return useSyncExternalStore(subscribe, () => isSignedOut);
}

/** Notes a refusal, or that it was overcome. */
export function setSignedOut(next: boolean): void {
  if (isSignedOut === next) return;
  isSignedOut = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
