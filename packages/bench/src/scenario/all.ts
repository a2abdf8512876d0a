import { coldStart } from "./cold-start.ts";
import { latency } from "./latency.ts";
import { parallel } from "./parallel.ts";
import type { Scenario } from "./scenario.ts";
import { sequence } from "./sequence.ts";
import { sleepers } from "./sleepers.ts";
import { throughput } from "./throughput.ts";
import { waits } from "./waits.ts";

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [throughput, sequence, latency, parallel, sleepers, waits, coldStart];
