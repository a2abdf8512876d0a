/** How long after a fault of ours (a store that fails, a bug) the same work is tried again: soon, then later and later. */
const DELAYS_MS = [100, 1_000, 5_000, 15_000, 60_000] as const;

/** Delay in milliseconds after `faults` earlier faults of the same work. */
export function faultDelayMs(faults: number): number {
  return DELAYS_MS[Math.min(faults, DELAYS_MS.length - 1)] ?? 0;
}
