/** Every checker, by name. */
import { checkAttempts } from "./attempts.ts";
import { checkBatches } from "./batches.ts";
import { checkBulks } from "./bulks.ts";
import type { MakeChecker } from "./checker.ts";
import { checkConcurrency } from "./concurrency.ts";
import { checkDebounces } from "./debounces.ts";
import { checkDefers } from "./defers.ts";
import { checkDurability } from "./durability.ts";
import { checkEndpoints } from "./endpoints.ts";
import { checkEvents } from "./events.ts";
import { checkExecutions } from "./executions.ts";
import { checkFailures } from "./failures.ts";
import { checkFetches } from "./fetches.ts";
import { checkFirstWrite } from "./first-write.ts";
import { checkGuards } from "./guards.ts";
import { checkInvokes } from "./invokes.ts";
import { checkMetadata } from "./metadata.ts";
import { checkNothingStuck } from "./nothing-stuck.ts";
import { checkPauses } from "./pauses.ts";
import { checkPriorities } from "./priorities.ts";
import { checkRateLimits } from "./rate-limits.ts";
import { checkRegistrations } from "./registrations.ts";
import { checkRunEnd } from "./run-end.ts";
import { checkRunLimits } from "./run-limits.ts";
import { checkRunTimeouts } from "./run-timeouts.ts";
import { checkSchedules } from "./schedules.ts";
import { checkSeenOutputs } from "./seen-outputs.ts";
import { checkSessions } from "./sessions.ts";
import { checkSingletons } from "./singletons.ts";
import { checkThrottles } from "./throttles.ts";
import { checkTimers } from "./timers.ts";
import { checkWaits } from "./waits.ts";

/** `world`: the world did not come to rest, or the node logged a bug. */
export type CheckerName =
  | "attempts"
  | "batches"
  | "bulks"
  | "concurrency"
  | "debounces"
  | "defers"
  | "durability"
  | "endpoints"
  | "events"
  | "executions"
  | "failures"
  | "fetches"
  | "first-write"
  | "guards"
  | "invokes"
  | "metadata"
  | "nothing-stuck"
  | "pauses"
  | "priorities"
  | "rate-limits"
  | "registrations"
  | "run-end"
  | "run-limits"
  | "run-timeouts"
  | "schedules"
  | "seen-outputs"
  | "sessions"
  | "singletons"
  | "throttles"
  | "timers"
  | "waits"
  | "world";

export const CHECKERS: Readonly<Record<Exclude<CheckerName, "world">, MakeChecker>> = {
  attempts: checkAttempts,
  batches: checkBatches,
  bulks: checkBulks,
  concurrency: checkConcurrency,
  debounces: checkDebounces,
  defers: checkDefers,
  durability: checkDurability,
  endpoints: checkEndpoints,
  events: checkEvents,
  executions: checkExecutions,
  failures: checkFailures,
  fetches: checkFetches,
  "first-write": checkFirstWrite,
  guards: checkGuards,
  invokes: checkInvokes,
  metadata: checkMetadata,
  "nothing-stuck": checkNothingStuck,
  pauses: checkPauses,
  priorities: checkPriorities,
  "rate-limits": checkRateLimits,
  registrations: checkRegistrations,
  "run-end": checkRunEnd,
  "run-limits": checkRunLimits,
  "run-timeouts": checkRunTimeouts,
  schedules: checkSchedules,
  "seen-outputs": checkSeenOutputs,
  sessions: checkSessions,
  singletons: checkSingletons,
  throttles: checkThrottles,
  timers: checkTimers,
  waits: checkWaits,
};
