/** Every checker, by name. */
import { checkAttempts } from "./attempts.ts";
import type { MakeChecker } from "./checker.ts";
import { checkConcurrency } from "./concurrency.ts";
import { checkDurability } from "./durability.ts";
import { checkEvents } from "./events.ts";
import { checkExecutions } from "./executions.ts";
import { checkFailures } from "./failures.ts";
import { checkFirstWrite } from "./first-write.ts";
import { checkGuards } from "./guards.ts";
import { checkInvokes } from "./invokes.ts";
import { checkNothingStuck } from "./nothing-stuck.ts";
import { checkRunEnd } from "./run-end.ts";
import { checkSeenOutputs } from "./seen-outputs.ts";
import { checkTimers } from "./timers.ts";
import { checkWaits } from "./waits.ts";

/** `world`: the world did not come to rest, or the node logged a bug. */
export type CheckerName =
  | "attempts"
  | "concurrency"
  | "durability"
  | "events"
  | "executions"
  | "failures"
  | "first-write"
  | "guards"
  | "invokes"
  | "nothing-stuck"
  | "run-end"
  | "seen-outputs"
  | "timers"
  | "waits"
  | "world";

export const CHECKERS: Readonly<Record<Exclude<CheckerName, "world">, MakeChecker>> = {
  attempts: checkAttempts,
  concurrency: checkConcurrency,
  durability: checkDurability,
  events: checkEvents,
  executions: checkExecutions,
  failures: checkFailures,
  "first-write": checkFirstWrite,
  guards: checkGuards,
  invokes: checkInvokes,
  "nothing-stuck": checkNothingStuck,
  "run-end": checkRunEnd,
  "seen-outputs": checkSeenOutputs,
  timers: checkTimers,
  waits: checkWaits,
};
