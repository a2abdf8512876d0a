export { isClean, runSeed, type Scenario, type SimulationOptions, type SimulationResult, type Violation } from "./sim/index.ts";
