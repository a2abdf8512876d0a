/** How late something may be where nothing fails: the store takes its time for what lies between cause and effect. */
import type { Scenario } from "../world/scenario.ts";

/** Reads and commits on the way from an instant to its effect, generously. */
const STORE_STEPS_MAX = 20;

/** Milliseconds. The app's way of 5 ms is in it. */
export function latenessMs({ storeLatencyMs }: Scenario): number {
  return 10 + STORE_STEPS_MAX * storeLatencyMs;
}
