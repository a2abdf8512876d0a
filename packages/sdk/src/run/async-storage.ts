/**
 * Values that belong to whoever is calling. Where the platform tracks asynchronous context (Node, Deno, Bun), exactly; elsewhere only until
 * the first `await`.
 */
export interface AsyncStorage<T> {
  run<R>(value: T, fn: () => R): R;
  getStore(): T | undefined;
}

/** A storage of its own. */
export function createStorage<T>(): AsyncStorage<T> {
  type HooksModule = { AsyncLocalStorage: new () => AsyncStorage<T> };
  const scope = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const hooks = scope.process?.getBuiltinModule?.("node:async_hooks") as HooksModule | undefined;
  return hooks === undefined ? synchronousStorage() : new hooks.AsyncLocalStorage();
}

function synchronousStorage<T>(): AsyncStorage<T> {
  let current: T | undefined;
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
