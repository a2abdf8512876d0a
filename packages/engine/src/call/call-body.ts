/**
 * The body of a call to an app: canonical JSON, put together out of texts that are canonical already.
 *
 * I1  Exactly the finished steps are sent, and every one of them is on the stack, in the order they finished.
 * I2  What does not fit is left out and announced (`use_api`); the app fetches it. The first event is always there.
 *
 * Spec: wire 5.1, 5.3; semantics 4.1.
 */
import { CALL_BODY_BYTES_MAX, isOverBytes } from "@pawl/protocol";
import type { ItemRow } from "../queue/item-row.ts";
import type { RunState } from "../run/run-state.ts";

export type CallInput = {
  readonly item: ItemRow;
  readonly generation: number;
  readonly requestId: string;
};

/** Room that the context takes besides events and steps. */
const CONTEXT_BYTES = 1_024;

/**
 * The body: whole, or without the steps of a large state, or with its first event only. Steps that fit beside that one stay: the Go SDK can't
 * fetch any.
 */
export function callBody(state: RunState, input: CallInput): string {
  const usesApi = state.run.stateBytes > CALL_BODY_BYTES_MAX - CONTEXT_BYTES;
  const steps = usesApi ? "{}" : stepsText(state);
  const whole = bodyText(state, input, { usesApi, steps, events: state.events.join(",") });
  if (!isOverBytes(whole, CALL_BODY_BYTES_MAX)) return whole;
  const shorter = bodyText(state, input, { usesApi: true, steps, events: "" });
  return isOverBytes(shorter, CALL_BODY_BYTES_MAX) ? bodyText(state, input, { usesApi: true, steps: "{}", events: "" }) : shorter;
}

type Parts = { readonly usesApi: boolean; readonly steps: string; readonly events: string };

function bodyText(state: RunState, { item, generation, requestId }: CallInput, { usesApi, steps, events }: Parts): string {
  const { run } = state;
  const stack = stackOf(state);
  const event = state.events[0] ?? "{}";
  const context =
    `{"attempt":${item.attempt},"disable_immediate_execution":${mustPlan(state, item)},"env":"","fn_id":${quote(item.functionId)},` +
    `"generation_id":${generation},"job_id":${quote(item.id)},"max_attempts":${item.attemptsMax},"qi_id":${quote(item.id)},` +
    `"request_id":"${requestId}","run_id":"${run.id}","stack":{"current":${stack.length},"stack":[${stack.map(quote).join(",")}]},` +
    `"step_id":"step","use_api":${usesApi}}`;
  return `{"ctx":${context},"defers":${defersText(state)},"event":${event},"events":[${events}],"steps":${steps},"use_api":${usesApi},"version":${run.requestVersion}}`;
}

/** Memoised state: hash → stored value, canonical. Replacement arguments of unfinished steps are among it. */
function stepsText(state: RunState): string {
  return objectText(storedSteps(state).toSorted((a, b) => (a.id < b.id ? -1 : 1)));
}

/** The same in the order in which the steps finished, for apps that fetch it and have no stack beside it. */
export function stepsByFinishText(state: RunState): string {
  return objectText(storedSteps(state).toSorted((a, b) => a.position - b.position));
}

type StoredStep = { readonly id: string; readonly position: number; readonly text: string };

function storedSteps(state: RunState): readonly StoredStep[] {
  const stored: StoredStep[] = [];
  for (const { id, result, inputOverride, position = Number.MAX_SAFE_INTEGER } of state.steps.values()) {
    if (result !== undefined) stored.push({ id, position, text: result });
    else if (inputOverride !== undefined) stored.push({ id, position, text: `{"input":${inputOverride}}` });
  }
  return stored;
}

function objectText(steps: readonly StoredStep[]): string {
  return `{${steps.map(({ id, text }) => `${quote(id)}:${text}`).join(",")}}`;
}

/** Deferred functions: hash → whether it can still be taken back. */
export function defersText({ defers }: RunState): string {
  if (defers.size === 0) return "{}";
  const entries = [...defers.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return `{${entries.map(({ id, status }) => `${quote(id)}:{"abortable":${String(status === "after-run")}}`).join(",")}}`;
}

/** Hashes of finished steps in the order they finished. */
export function stackOf(state: RunState): readonly string[] {
  const stack: string[] = [];
  for (const step of state.steps.values()) if (step.position !== undefined) stack[step.position] = step.id;
  return stack;
}

/** Whether a newly found step must be planned instead of run in place: while other steps are under way. */
export function mustPlan({ run, steps, unfinished }: RunState, item: ItemRow): boolean {
  if (run.requestVersion === 1) return run.hasFannedOut;
  for (const id of unfinished) if (steps.get(id)?.itemId !== item.id) return true;
  return false;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
