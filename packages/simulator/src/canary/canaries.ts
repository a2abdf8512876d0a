/**
 * The list of deliberate mistakes.
 *
 * Mistakes are made in what a node asks of the store, where every decision passes: what a decision forgets, doubles or gets wrong; or in the
 * limits that a function is registered with. Every module of the engine that decides has at least one (canaries.test.ts).
 */
import type { Canary } from "./canary.ts";
import { FLOW_CANARIES } from "./flow-canaries.ts";
import { RUN_CANARIES } from "./run-canaries.ts";
import { WIRE_CANARIES } from "./wire-canaries.ts";

export const CANARIES: readonly Canary[] = [...RUN_CANARIES, ...FLOW_CANARIES, ...WIRE_CANARIES];
