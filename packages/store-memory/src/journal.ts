/**
 * Changes to maps and sets that can be taken back, so that a change set which fails in the middle leaves nothing.
 *
 * I1  `rollback` restores exactly what stood before the first change since `commit`, the order of keys within a map excepted.
 */

export class Journal {
  readonly #undo: (() => void)[] = [];

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const old = map.get(key);
    this.#undo.push(old === undefined ? () => map.delete(key) : () => map.set(key, old));
    map.set(key, value);
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    const old = map.get(key);
    if (old === undefined) return;
    this.#undo.push(() => map.set(key, old));
    map.delete(key);
  }

  /** Adds a member to the set of a key. */
  link<K, V>(index: Map<K, Set<V>>, key: K, member: V): void {
    const members = index.get(key) ?? new Set();
    if (members.has(member)) return;
    members.add(member);
    index.set(key, members);
    this.#undo.push(() => drop(index, key, member));
  }

  /** Removes a member from the set of a key. */
  unlink<K, V>(index: Map<K, Set<V>>, key: K, member: V): void {
    if (index.get(key)?.has(member) !== true) return;
    drop(index, key, member);
    this.#undo.push(() => index.set(key, (index.get(key) ?? new Set()).add(member)));
  }

  commit(): void {
    this.#undo.length = 0;
  }

  rollback(): void {
    while (this.#undo.length > 0) this.#undo.pop()?.();
  }
}

function drop<K, V>(index: Map<K, Set<V>>, key: K, member: V): void {
  const members = index.get(key);
  members?.delete(member);
  if (members?.size === 0) index.delete(key);
}
