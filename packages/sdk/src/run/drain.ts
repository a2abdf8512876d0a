/**
 * "When the function can make no further progress by itself": after all microtasks that are queued, and those that they queue.
 *
 * On Node, `process.nextTick` called from a microtask runs exactly then and costs 0.2 µs. (Called from another tick it would run too early:
 * before the microtasks.) Elsewhere a chain of microtasks stands in for it;
 * a macrotask would cost a hundred times as much. Promise chains longer than the hops between two steps are then taken for idleness, which
 * can reorder concurrent branches but loses nothing.
 */

/** Microtasks waited for where there is no `nextTick`. Longer than chains of `Promise.all`, `async` wrappers and `finally` get in practice. */
const HOPS = 100;

type Tick = (callback: () => void) => void;

/** Calls back once when the microtask queue is empty. */
export const afterMicrotasks: Tick = nodeTick() ?? hop;

function nodeTick(): Tick | undefined {
  const scope = globalThis as { process?: { nextTick?: Tick; versions?: Record<string, string | undefined> } };
  const { process } = scope;
  // Bun and Deno have the name, but another order.
  if (process?.nextTick === undefined || process.versions?.["node"] === undefined) return undefined;
  if (process.versions["bun"] !== undefined || process.versions["deno"] !== undefined) return undefined;
  const { nextTick } = process;
  return (callback) => queueMicrotask(() => nextTick(callback));
}

/** The portable form; exported for its test. */
export function hop(callback: () => void): void {
  let left = HOPS;
  const next = (): void => {
    left -= 1;
    if (left === 0) callback();
    else queueMicrotask(next);
  };
  queueMicrotask(next);
}
