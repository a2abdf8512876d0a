/**
 * Waits: a pause is consumed once and only by an event that fits, came while the pause existed, or no longer before it than it looks back;
 * and an event that fits a pause resumes it.
 */
import type { StepRow } from "@pawl/engine";
import { statementsOf, type WaitStatement } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import type { MirroredEvent } from "./mirror.ts";

/** An event that comes so long before the time-out must be in time: faults delay its processing by less. */
const SLACK_MS = 300_000;

/** Makes the checker. */
export function checkWaits(context: CheckContext): Checker {
  const { mirror, report } = context;
  return {
    committing: ({ changeSet }) => {
      const seen = new Set<string>();
      for (const { pauseId } of ofKind(changeSet, "delete-pause")) {
        if (seen.has(pauseId)) report(`the pause ${pauseId} is consumed twice`);
        seen.add(pauseId);
      }
      for (const { pause } of ofKind(changeSet, "insert-pause"))
        if (mirror.pausesEver.has(pause.id)) report(`the pause ${pause.id} is made again`);
      // What a run begins with was checked where it happened.
      for (const { step } of ofKind(changeSet, "put-step"))
        if (step.matchedEventId !== undefined && mirror.runs.has(step.runId)) checkMatch(context, step);
    },
    ended: () => {
      for (const runId of mirror.runs.keys())
        for (const step of mirror.stepsOf(runId).values())
          if (step.kind === "wait-for-event" && step.status === "timed_out") checkMissed(context, step);
    },
  };
}

function checkMatch(context: CheckContext, step: StepRow): void {
  const { mirror, report } = context;
  const pause = mirror.pausesEver.get(`${step.runId}/${step.id}`);
  const event = mirror.events.get(step.matchedEventId ?? "");
  const where = `step ${step.id} of run ${step.runId}`;
  if (pause === undefined || event === undefined) return report(`${where} was resumed without a pause, or by an unknown event`);
  const { receivedAt } = event.row;
  // One that was sent again counts from then, too, where it is not known that it had been stored.
  if ((receivedAt < pause.row.createdAt && !event.isResent) || receivedAt >= pause.row.expiresAt)
    report(`${where} was resumed by event ${event.row.id}, received ${receivedAt - pause.row.createdAt} ms after it began to wait`);
  if (!fits(context, { step, event })) report(`${where} was resumed by event ${event.row.id}, which does not fit`);
  if (step.result !== event.row.body && !event.isResent) report(`${where} was resumed with ${step.result}, not with event ${event.row.id}`);
}

function checkMissed(context: CheckContext, step: StepRow): void {
  const { mirror, report } = context;
  const pause = mirror.pausesEver.get(`${step.runId}/${step.id}`);
  if (pause === undefined) return;
  const statement = waitOf(context, step);
  const matched = new Set([...mirror.stepsOf(step.runId).values()].map(({ matchedEventId }) => matchedEventId));
  for (const event of mirror.events.values()) {
    const { id, receivedAt } = event.row;
    const isSeen = statement?.lookBack === undefined ? receivedAt > pause.storedAt : receivedAt >= pause.row.createdAt;
    const isInTime = [receivedAt, event.storedAt, pause.storedAt].every((at) => at + SLACK_MS < pause.row.expiresAt) && isSeen;
    if (isInTime && !matched.has(id) && fits(context, { step, event }))
      report(`step ${step.id} of run ${step.runId} timed out, although event ${id} had come ${pause.row.expiresAt - receivedAt} ms before`);
  }
}

/** Whether an event is what a step waits for. */
function fits(context: CheckContext, { step, event }: { readonly step: StepRow; readonly event: MirroredEvent }): boolean {
  const { mirror } = context;
  const run = mirror.runs.get(step.runId);
  const trigger = mirror.events.get(run?.eventIds[0] ?? "");
  const statement = waitOf(context, step);
  if (run === undefined || statement === undefined || trigger === undefined || run.eventIds.includes(event.row.id)) return false;
  if (statement.event !== event.row.name && statement.orEvent !== event.row.name) return false;
  return !statement.matchesK || event.data.k === trigger.data.k;
}

function waitOf({ mirror, programs }: CheckContext, { runId, name }: StepRow): WaitStatement | undefined {
  const program = programs.get(mirror.runs.get(runId)?.functionId ?? "");
  if (program === undefined) return undefined;
  return [...statementsOf(program.body)].find((other): other is WaitStatement => other.kind === "wait" && other.id === name);
}
