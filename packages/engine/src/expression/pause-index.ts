/**
 * The pauses of one event name in memory, so that an event finds those that can match.
 *
 * I1  Every pause whose key is met by an event, and every pause without a key, is a candidate; the expression decides.
 * I2  Finding candidates costs one look-up per distinct path and one step per candidate, whatever the number of pauses.
 *
 * Spec: semantics 10.3.
 */
import { parsePath, type PathSegment, type PathValue, valueAtSegments } from "./event-path.ts";
import { eventValue, type ExpressionEvent } from "./event-value.ts";

type Shelf<Id> = { readonly segments: readonly PathSegment[] | undefined; readonly idsByValue: Map<string, Set<Id>> };

/** The index; see I1 and I2. */
export class PauseIndex<Id = string> {
  readonly #keys: Map<Id, PathValue | undefined> = new Map();
  readonly #shelves: Map<string, Shelf<Id>> = new Map();
  readonly #unkeyed: Set<Id> = new Set();

  /** How many pauses there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** Adds a pause with its key (`indexKeyOf`), or replaces the key it has. */
  add(id: Id, key: PathValue | undefined): void {
    this.remove(id);
    this.#keys.set(id, key);
    if (key === undefined) this.#unkeyed.add(id);
    else this.#shelve(id, key);
  }

  /** Removes a pause. Does nothing if it is not there. */
  remove(id: Id): void {
    const key = this.#keys.get(id);
    this.#keys.delete(id);
    this.#unkeyed.delete(id);
    const shelf = key === undefined ? undefined : this.#shelves.get(key.path);
    const ids = key === undefined ? undefined : shelf?.idsByValue.get(key.value);
    if (key === undefined || shelf === undefined || ids === undefined) return;
    ids.delete(id);
    if (ids.size === 0) shelf.idsByValue.delete(key.value);
    if (shelf.idsByValue.size === 0) this.#shelves.delete(key.path);
  }

  /** The pauses that an event can match, each once. Don't add or remove any while iterating. */
  *candidates(event: ExpressionEvent): Generator<Id> {
    yield* this.#unkeyed;
    const prepared = eventValue(event);
    for (const { segments, idsByValue } of this.#shelves.values()) {
      const value = segments === undefined ? undefined : valueAtSegments(prepared, segments);
      const ids = value === undefined ? undefined : idsByValue.get(value);
      if (ids !== undefined) yield* ids;
    }
  }

  #shelve(id: Id, key: PathValue): void {
    let shelf = this.#shelves.get(key.path);
    if (shelf === undefined) {
      shelf = { segments: parsePath(key.path), idsByValue: new Map() };
      this.#shelves.set(key.path, shelf);
    }
    const ids = shelf.idsByValue.get(key.value);
    if (ids === undefined) shelf.idsByValue.set(key.value, new Set([id]));
    else ids.add(id);
  }
}
