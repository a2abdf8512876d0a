/**
 * Which step's code is calling. Where the platform tracks asynchronous context (Node, Deno, Bun), a step that is called inside another
 * step's code is found out exactly; elsewhere only when it is called before the first `await`.
 */
import { createStorage } from "./async-storage.ts";

export type StepFrame = {
  /** The call that the step belongs to. */
  readonly owner: object;
  readonly stepId: string;
  readonly hash: string;
};

const storage = createStorage<StepFrame>();

/** Runs a step's code. `owner`: the call it belongs to; calls of other functions from inside are no nesting. */
export function runInsideStep<R>(frame: StepFrame, fn: () => R): R {
  return storage.run(frame, fn);
}

/** The step of the same call whose code is running; `undefined` outside of step code. */
export function enclosingStep(owner: object): StepFrame | undefined {
  const frame = storage.getStore();
  return frame?.owner === owner ? frame : undefined;
}
