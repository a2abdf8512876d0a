import { coldStart } from "./cold-start.ts";
import { endpoint } from "./endpoint.ts";
import { fairness } from "./fairness.ts";
import { flood } from "./flood.ts";
import { keyed } from "./keyed.ts";
import { latency } from "./latency.ts";
import { matching } from "./matching.ts";
import { millionSleepers, startUp } from "./large-store.ts";
import { parallel } from "./parallel.ts";
import type { LoneScenario, Scenario } from "./scenario.ts";
import { sequence } from "./sequence.ts";
import { sleepers } from "./sleepers.ts";
import { throughput } from "./throughput.ts";
import { waits } from "./waits.ts";

/** In the order in which they run. */
export const SCENARIOS: readonly (Scenario | LoneScenario)[] = [
  throughput,
  sequence,
  latency,
  parallel,
  sleepers,
  waits,
  coldStart,
  endpoint,
  keyed,
  fairness,
  matching,
  millionSleepers,
  startUp,
  flood,
];
