/**
 * The server's clock as the browser sees it, and the tick that ages what is on screen.
 *
 * C1  Ages are computed against the server's clock; a browser whose clock is wrong by more than two seconds is corrected.
 * C2  One interval serves the whole page, and none runs while nobody looks: no listener, or a hidden tab.
 */
import { useSyncExternalStore } from "react";

/** Differences below this are the resolution of the Date header (1 s) plus the way back; correcting them would add noise. */
const SKEW_MS_MIN = 2_000;

/** Four a second: a growing bar looks alive and costs well under 1 % of a core. */
const TICK_MS = 250;

let skewMs = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** The present in milliseconds since the epoch, by the server's clock. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

/** Learns the server's clock from the Date header of an answer; ignores a missing or unreadable one. */
export function learnServerTime(dateHeader: string | null): void {
  const at = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(at)) return;
  const difference = at + 500 - Date.now();
  skewMs = Math.abs(difference) > SKEW_MS_MIN ? difference : 0;
}

/** The present, renewed four times a second while `isLive` and once a second otherwise. Rounded down to that. */
export function useNow(isLive: boolean): number {
  const granularityMs = isLive ? TICK_MS : 1_000;
  return useSyncExternalStore(subscribe, () => Math.floor(serverNow() / granularityMs) * granularityMs);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  for (const listener of listeners) listener();
}
