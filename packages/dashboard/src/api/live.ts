/**
 * The one stream of changes, shared by all views of the tab.
 *
 * L1  One `EventSource` per tab, open only while somebody listens and the tab was visible within the last half minute.
 * L2  A gap never stays: after a lost connection that can't be resumed (`reset`, or a stream opened anew) listeners are told to refetch.
 * L3  Paused, nothing is delivered; resuming delivers one refetch.
 *
 * Spec: dashboard 2.10. Shapes: `@pawl/protocol`, `UiChanges`.
 */
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { UiChanges } from "@pawl/protocol";

/** What a view hears: changes, or that its picture has a gap and must be fetched again. */
export type LiveMessage = { readonly kind: "changes"; readonly changes: UiChanges } | { readonly kind: "refetch" };

export type LiveState = "connecting" | "live" | "reconnecting" | "paused";

/** A hidden tab keeps its stream this long; browsers allow six connections to an HTTP/1.1 server, so idle tabs must let go. */
const HIDDEN_MS_MAX = 30_000;

const STREAM_URL = "/ui/v1/stream";

const listeners = new Set<(message: LiveMessage) => void>();
const stateListeners = new Set<() => void>();
let source: EventSource | undefined;
let state: LiveState = "connecting";
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
let reopenTimer: ReturnType<typeof setTimeout> | undefined;

/** Hears the stream while the component is mounted. The last given function is called; it needn't be stable. */
export function useLive(onMessage: (message: LiveMessage) => void): void {
  const latest = useRef(onMessage);
  useEffect(() => {
    latest.current = onMessage;
  });
  useEffect(() => listen((message) => latest.current(message)), []);
}

/** The state of the stream for the chip in the shell. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(subscribeState, () => state);
}

/** Pauses or resumes all live views of the tab. */
export function togglePause(): void {
  if (state === "paused") {
    setState("connecting");
    open();
  } else {
    close();
    setState("paused");
  }
}

function listen(listener: (message: LiveMessage) => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener("visibilitychange", onVisibility);
    if (state !== "paused") open();
  }
  return () => {
    listeners.delete(listener);
    // Another page's view mounts right after: only close when nobody came.
    queueMicrotask(() => {
      if (listeners.size > 0) return;
      document.removeEventListener("visibilitychange", onVisibility);
      close();
    });
  };
}

function open(): void {
  if (source !== undefined || typeof EventSource === "undefined") return;
  const opened = new EventSource(STREAM_URL);
  source = opened;
  let isFirstOpening = true;
  opened.addEventListener("open", () => {
    setState("live");
    // The browser resumes by Last-Event-ID later on; the first opening has nothing to resume from (L2).
    if (isFirstOpening) deliver({ kind: "refetch" });
    isFirstOpening = false;
  });
  opened.addEventListener("changes", (event) => deliver({ kind: "changes", changes: JSON.parse(event.data as string) as UiChanges }));
  opened.addEventListener("reset", () => deliver({ kind: "refetch" }));
  opened.addEventListener("error", () => {
    setState("reconnecting");
    if (opened.readyState === EventSource.CLOSED) reopenLater();
  });
}

/** A browser gives up for good on an answer that isn't a stream (a proxy's 502): try anew. */
function reopenLater(): void {
  close();
  reopenTimer = setTimeout(open, 3_000);
}

function close(): void {
  clearTimeout(reopenTimer);
  source?.close();
  source = undefined;
}

function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (state === "paused") return;
  if (document.hidden) hiddenTimer = setTimeout(close, HIDDEN_MS_MAX);
  else open();
}

function deliver(message: LiveMessage): void {
  for (const listener of listeners) listener(message);
}

function setState(next: LiveState): void {
  state = next;
  for (const listener of stateListeners) listener();
}

function subscribeState(listener: () => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}
