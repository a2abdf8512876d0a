export { CANARIES } from "./canary/canaries.ts";
export type { Canary } from "./canary/canary.ts";
export type { CheckerName } from "./check/all-checkers.ts";
export type { Violation } from "./check/watch.ts";
export { runSeed, type SimulationOptions, type SimulationResult } from "./simulate.ts";
export { isClean, type Scenario } from "./world/scenario.ts";
