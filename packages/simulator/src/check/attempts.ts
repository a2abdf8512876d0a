/**
 * Attempts are bounded and counted one by one: no call beyond the last attempt, and none that repeats a number that was used up. What failed
 * comes again after the time that the table says, and some seconds by chance.
 */
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { latenessMs } from "./lateness.ts";

/** The protocol's table, semantics 4.3. */
const BACKOFF_S = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200];
const JITTER_MS = 30_000;

/** Makes the checker. */
export function checkAttempts({ mirror, programs, scenario, report }: CheckContext): Checker {
  return {
    callBegan: ({ itemId, body: { ctx } }) => {
      if (ctx.attempt >= ctx.max_attempts) report(`the item ${itemId} is called with attempt ${ctx.attempt} of ${ctx.max_attempts}`);
    },
    committing: ({ changeSet, leasedItemId, at }) => {
      for (const { attempt } of ofKind(changeSet, "insert-attempt")) {
        if (attempt.retryAt === undefined) continue;
        const leastMs = (BACKOFF_S[attempt.attempt] ?? 7_200) * 1_000;
        // When it ended is what the app's clock says, which may go before ours.
        const isTooSoon = attempt.retryAt < Math.min(attempt.endedAt, at - latenessMs(scenario)) + leastMs;
        if (isTooSoon || attempt.retryAt > at + leastMs + JITTER_MS)
          report(`attempt ${attempt.attempt} of step ${attempt.stepId} of run ${attempt.runId} is repeated at ${attempt.retryAt}`);
      }
      const hasFailed = ofKind(changeSet, "insert-attempt").length > 0;
      for (const { item } of ofKind(changeSet, "reschedule-item")) {
        const old = mirror.item(item.id);
        if (old === undefined) continue;
        // A discovery that waits may be moved forward by any decision; it keeps its attempts.
        const allowed = hasFailed && leasedItemId === item.id ? [old.attempt + 1] : [old.attempt, 0];
        if (!allowed.includes(item.attempt)) report(`the item ${item.id} goes from attempt ${old.attempt} to ${item.attempt}`);
        if (item.attempt >= old.attemptsMax) report(`the item ${item.id} is scheduled for attempt ${item.attempt} of ${old.attemptsMax}`);
      }
    },
    ended: () => {
      const counts = new Map<string, number>();
      for (const { runId, stepId } of mirror.attempts) counts.set(`${runId}/${stepId}`, (counts.get(`${runId}/${stepId}`) ?? 0) + 1);
      for (const [key, count] of counts) {
        const [runId = "", stepId] = key.split("/");
        const program = programs.get(mirror.runs.get(runId)?.functionId ?? "");
        // Checkpoints give a call its attempts back, and the function itself is tried anew between steps.
        if (program === undefined || program.checkpointSteps > 0 || stepId === "function") continue;
        if (count > program.attemptsMax) report(`step ${stepId} of run ${runId} failed ${count} times; allowed are ${program.attemptsMax}`);
      }
    },
  };
}
