/**
 * Which step's code is calling. Where the platform tracks asynchronous context (Node, Deno, Bun), a step that is called inside another
 * step's code is found out exactly; elsewhere only when it is called before the first `await`.
 */

interface AsyncStorage<T> {
  run<R>(value: T, fn: () => R): R;
  getStore(): T | undefined;
}

type Frame = { readonly owner: object; readonly stepId: string };

const storage: AsyncStorage<Frame> = createStorage();

/** Runs a step's code. `owner`: the call it belongs to; calls of other functions from inside are no nesting. */
export function runInsideStep<R>(frame: Frame, fn: () => R): R {
  return storage.run(frame, fn);
}

/** Id of the step of the same call whose code is running; `undefined` outside of step code. */
export function enclosingStep(owner: object): string | undefined {
  const frame = storage.getStore();
  return frame?.owner === owner ? frame.stepId : undefined;
}

function createStorage(): AsyncStorage<Frame> {
  type HooksModule = { AsyncLocalStorage: new () => AsyncStorage<Frame> };
  const scope = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const hooks = scope.process?.getBuiltinModule?.("node:async_hooks") as HooksModule | undefined;
  return hooks === undefined ? synchronousStorage() : new hooks.AsyncLocalStorage();
}

function synchronousStorage(): AsyncStorage<Frame> {
  let current: Frame | undefined;
  return {
    getStore: () => current,
    run(value, fn) {
      const outer = current;
      current = value;
      try {
        return fn();
      } finally {
        current = outer;
      }
    },
  };
}
