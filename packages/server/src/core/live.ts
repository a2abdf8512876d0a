/**
 * What changed, for those who watch: numbered, in the order of the commits.
 *
 * I1  A watcher that is told of change n has been told of every change before n that it asked for.
 */
import type { RunRow, TraceEntry } from "@pawl/engine";

/** `event`: so many events were received. */
export type LiveChange =
  | { readonly kind: "run"; readonly seq: number; readonly run: RunRow }
  | { readonly kind: "event"; readonly seq: number; readonly count: number }
  | { readonly kind: "apps"; readonly seq: number }
  | { readonly kind: "trace"; readonly seq: number; readonly entries: readonly TraceEntry[] };

type Unnumbered = LiveChange extends infer Each ? (Each extends LiveChange ? Omit<Each, "seq"> : never) : never;

export class Live {
  readonly #watchers = new Set<(change: LiveChange) => void>();
  #seq = 0;

  /** Changes so far. */
  get seq(): number {
    return this.#seq;
  }

  publish(change: Unnumbered): void {
    this.#seq += 1;
    if (this.#watchers.size === 0) return;
    const numbered = { ...change, seq: this.#seq } as LiveChange;
    for (const watcher of this.#watchers) watcher(numbered);
  }

  /** Calls back for each change from now on, until the returned function is called. */
  watch(watcher: (change: LiveChange) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
