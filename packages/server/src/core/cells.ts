/**
 * Cells in memory, as they will be when the pending commits are through.
 *
 * I1  What is here may be ahead of the store, and is dropped where a commit fails. It may be behind the store too (another node). Both are
 *     harmless: whoever decides on a cell guards its version.
 * I2  Decisions on one key follow each other without waiting for the disk: each builds on the one before it and fails with it.
 * I3  Memory is bounded; what has not been used for long leaves.
 */
import type { CellRow, CellView, Change } from "@pawl/engine";
import type { Store } from "@pawl/store";

/** Cells kept. One takes about 300 bytes, a long rate window up to a kB. */
const CELLS_MAX = 20_000;

export class Cells {
  readonly #store: Pick<Store, "cells">;
  /** Least recently used first. */
  readonly #known = new Map<string, CellRow | undefined>();
  readonly #loading = new Map<string, Promise<void>>();

  constructor(store: Pick<Store, "cells">) {
    this.#store = store;
  }

  /** Makes cells known. They may be forgotten again at any time, so ask `view` without waiting in between. */
  async load(keys: readonly string[]): Promise<void> {
    const missing = keys.filter((key) => !this.#known.has(key));
    const fresh = missing.filter((key) => !this.#loading.has(key));
    if (fresh.length > 0) this.#read(fresh);
    await Promise.all(missing.flatMap((key) => this.#loading.get(key) ?? []));
  }

  /** Cells as they are now; undefined where one of them must be loaded first. */
  view(keys: readonly string[]): CellView | undefined {
    const view = new Map<string, CellRow | undefined>();
    for (const key of keys) {
      if (!this.#known.has(key)) return undefined;
      const cell = this.#known.get(key);
      this.#keep(key, cell);
      view.set(key, cell);
    }
    return view;
  }

  /** Follows a decision whose commit begins. */
  follow(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "put-cell") this.#keep(change.cell.key, change.cell);
      else if (change.kind === "delete-cell") this.#keep(change.key, undefined);
    }
  }

  /** Forgets the cells of a decision whose commit failed: they are read again. */
  forget(changes: readonly Change[], conflict?: string): void {
    if (conflict !== undefined) this.#known.delete(conflict);
    for (const change of changes) {
      if (change.kind === "put-cell") this.#known.delete(change.cell.key);
      else if (change.kind === "delete-cell") this.#known.delete(change.key);
    }
  }

  #read(keys: readonly string[]): void {
    const reading = this.#store
      .cells(keys)
      .then((cells) => {
        const found = new Map(cells.map((cell) => [cell.key, cell]));
        for (const key of keys) if (!this.#known.has(key)) this.#keep(key, found.get(key));
      })
      .finally(() => {
        for (const key of keys) this.#loading.delete(key);
      });
    for (const key of keys) this.#loading.set(key, reading);
  }

  #keep(key: string, cell: CellRow | undefined): void {
    this.#known.delete(key);
    this.#known.set(key, cell);
    if (this.#known.size <= CELLS_MAX) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
