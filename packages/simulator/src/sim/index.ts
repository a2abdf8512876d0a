export { runSeed, type SimulationOptions, type SimulationResult } from "./simulate.ts";
export { isClean, type Scenario } from "./world/scenario.ts";
export type { Violation } from "./check/watch.ts";
