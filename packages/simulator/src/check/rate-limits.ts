/**
 * Rate limits and idempotency keys: in no window are more events admitted than allowed, and none is refused while there is room.
 *
 * An event is admitted when it starts a run, or enters a debounce or a batch. Both promises hold whatever fails, because whoever decides
 * guards what it has counted. Runs that people start again, and what a pause refuses, count for nothing.
 */
import type { FlowData } from "../app/flow-options.ts";
import { keyOf } from "../app/flow-options.ts";
import type { Program } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { isRefusedByPause, pairOf } from "./event-facts.ts";

const IDEMPOTENCY_MS = 24 * 3_600_000;
const HELD: ReadonlySet<string> = new Set(["debounced", "debounce-older-event", "batched"]);

type Rule = { readonly reason: string; readonly key: string; readonly limit: number; readonly periodMs: number };

/** Makes the checker. */
export function checkRateLimits({ mirror, programs, report }: CheckContext): Checker {
  const admissions = new Map<string, number[]>();
  const held = new Set<string>();
  const usedAt = ({ key, periodMs }: Rule, at: number): number =>
    (admissions.get(key) ?? []).filter((before) => before + periodMs > at).length;
  const rulesFor = (eventId: string, functionId: string): readonly Rule[] => {
    const program = programs.get(functionId);
    const event = mirror.events.get(eventId);
    return program === undefined || event === undefined ? [] : rulesOf(program, event.data);
  };
  const admit = (eventId: string, functionId: string, at: number): void => {
    for (const rule of rulesFor(eventId, functionId)) {
      if (usedAt(rule, at) >= rule.limit) report(`event ${eventId} is admitted by ${rule.key}, which allows ${rule.limit}`);
      admissions.set(rule.key, [...(admissions.get(rule.key) ?? []), at]);
    }
  };
  return {
    committing: ({ changeSet }) => {
      for (const { outcome } of ofKind(changeSet, "insert-event-outcome")) {
        const { eventId, functionId, reason, at } = outcome;
        if (HELD.has(reason)) {
          held.add(pairOf(outcome));
          admit(eventId, functionId, at);
        } else if (reason === "rate-limit" || reason === "idempotency-key") {
          const rule = rulesFor(eventId, functionId).find((other) => other.reason === reason);
          if (rule === undefined || usedAt(rule, at) < rule.limit)
            report(`event ${eventId} is refused by the ${reason} of ${functionId}, which has room`);
        }
      }
      for (const { run } of ofKind(changeSet, "insert-run")) {
        if (run.rerunOf !== undefined || isRefusedByPause(run)) continue;
        for (const eventId of run.eventIds)
          if (!held.has(pairOf({ eventId, functionId: run.functionId }))) admit(eventId, run.functionId, run.queuedAt);
      }
    },
  };
}

function rulesOf({ slug, flow: { rateLimit, isIdempotent } }: Program, data: FlowData): readonly Rule[] {
  const rules: Rule[] = [];
  const key = rateLimit && keyOf(rateLimit, data);
  if (rateLimit !== undefined && key !== undefined)
    rules.push({ ...rateLimit, reason: "rate-limit", key: `the rate limit of ${slug} for ${key}` });
  if (isIdempotent === true && data.n !== undefined)
    rules.push({
      reason: "idempotency-key",
      key: `the idempotency of ${slug} for n=${JSON.stringify(data.n)}`,
      limit: 1,
      periodMs: IDEMPOTENCY_MS,
    });
  return rules;
}
