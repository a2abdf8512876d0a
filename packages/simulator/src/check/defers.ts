/**
 * Deferred functions: each is asked for exactly once, in the commit that ends the run that deferred it, never before; one that was taken
 * back or refused is not asked for; and a run that has come to the end of its function has deferred all that the function defers.
 *
 * That what is asked for has one run, or a reason, is checked as for any event.
 */
import { DEFERRED_SCHEDULE, type DeferRow, type EventRow, type RunRow } from "@pawl/engine";
import { hashStepId } from "@pawl/protocol";
import { type DeferStatement, type Program, type Statement, statementsOf } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker, type Commit } from "./checker.ts";
import { factsOf } from "./event-facts.ts";

/** Makes the checker. */
export function checkDefers(context: CheckContext): Checker {
  const { mirror, programs, report } = context;
  /** What was asked for: `<run>/<statement>`. */
  const asked = new Set<string>();
  return {
    committing: (commit) => {
      for (const { defer } of ofKind(commit.changeSet, "put-defer")) checkPut(context, defer);
      for (const { event } of ofKind(commit.changeSet, "insert-event"))
        if (event.name === DEFERRED_SCHEDULE && !mirror.events.has(event.id)) checkAsked(context, { asked, commit, event });
    },
    ended: () => {
      for (const run of mirror.runs.values()) {
        for (const { id, status } of mirror.defersOf(run.id).values())
          if (status === "after-run" && run.endedAt !== undefined && !asked.has(`${run.id}/${id}`))
            report(`run ${run.id} has ended, but what it deferred as ${id} was never asked for`);
        const program = programs.get(run.functionId);
        if (program !== undefined && run.status === "COMPLETED") checkComplete(context, { run, program });
      }
    },
  };
}

/** The first word about an id counts, but that it can be taken back until the run has ended. */
function checkPut({ mirror, report }: CheckContext, { runId, id, status, slug }: DeferRow): void {
  const old = mirror.defersOf(runId).get(id);
  if (mirror.runs.get(runId)?.endedAt !== undefined) report(`run ${runId} has ended, and defers ${id} as ${status}`);
  const isTakenBack = old?.status === "after-run" && status === "aborted";
  if (old !== undefined && !isTakenBack && (old.status !== status || old.slug !== slug))
    report(`what run ${runId} deferred as ${id} goes from ${old.status} to ${status}`);
}

type Asked = { readonly asked: Set<string>; readonly commit: Commit; readonly event: EventRow };

function checkAsked({ mirror, programs, report }: CheckContext, { asked, commit: { changeSet }, event }: Asked): void {
  const { k, n, deferId = "", _inngest } = factsOf(event);
  const runId = _inngest?.parent_run_id ?? "";
  const id = hashStepId(deferId);
  const what = `what run ${runId} deferred as ${deferId}`;
  if (asked.has(`${runId}/${id}`)) report(`${what} is asked for twice`);
  asked.add(`${runId}/${id}`);
  const before = mirror.runs.get(runId);
  const after = ofKind(changeSet, "update-run").find(({ run }) => run.id === runId)?.run;
  if (before === undefined || before.endedAt !== undefined || after?.endedAt === undefined)
    report(`${what} is asked for, but not with the end of the run`);
  const row = ofKind(changeSet, "put-defer").findLast(({ defer }) => defer.runId === runId && defer.id === id)?.defer;
  const { status } = row ?? mirror.defersOf(runId).get(id) ?? {};
  if (status !== "after-run") report(`${what} is asked for, but is ${status}`);
  const body = programs.get(before?.functionId ?? "")?.body ?? [];
  const statement = [...statementsOf(body)].find((other) => other.kind === "defer" && other.id === deferId);
  if (statement?.kind !== "defer" || statement.target !== _inngest?.fn_slug) report(`${what} asks for ${_inngest?.fn_slug}`);
  const { data } = mirror.events.get(before?.eventIds[0] ?? "") ?? {};
  if (data?.k !== k || data?.n !== n) report(`${what} is asked for with other input: ${event.body}`);
}

function checkComplete({ mirror, report }: CheckContext, { run, program }: { readonly run: RunRow; readonly program: Program }): void {
  const defers = mirror.defersOf(run.id);
  for (const { statement, isTakenBack } of defersIn(program.body)) {
    const expected = statement.isInvalid ? "rejected" : isTakenBack ? "aborted" : "after-run";
    const status = defers.get(hashStepId(statement.id))?.status;
    if (status !== expected) report(`run ${run.id} is completed, but what it deferred as ${statement.id} is ${status}, not ${expected}`);
  }
}

type Found = { readonly statement: DeferStatement; readonly isTakenBack: boolean };

/** Defers that every execution passes that comes to its end: of a race, losers may not come so far. */
function* defersIn(body: readonly Statement[], isRacing = false): Generator<Found> {
  for (const statement of body) {
    if (statement.kind === "parallel")
      for (const branch of statement.branches) yield* defersIn(branch, isRacing || statement.mode === "race");
    if (statement.kind !== "defer" || isRacing) continue;
    yield { statement, isTakenBack: body.some((other) => other.kind === "abort" && other.defer === statement.id) };
  }
}
