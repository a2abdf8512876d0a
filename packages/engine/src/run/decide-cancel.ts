/** Cancelling a run. Spec: semantics 7.3. */
import type { Decision } from "../decision/decision.ts";
import { decisionOf, draftOf, endRun, isEnded, type RunEnvironment } from "./draft.ts";
import type { RunState } from "./run-state.ts";

/** Ends a run as cancelled; undefined where it has ended. `reason` is a sentence for people. */
export function decideCancel(
  state: RunState,
  { reason, pauseId }: { readonly reason: string; readonly pauseId?: string },
  env: RunEnvironment,
): Decision | undefined {
  const draft = draftOf(state, env);
  if (isEnded(draft)) return undefined;
  if (pauseId !== undefined) draft.guards.push({ kind: "pause-open", pauseId });
  endRun(draft, { status: "CANCELLED", endReason: reason });
  return decisionOf(draft);
}
