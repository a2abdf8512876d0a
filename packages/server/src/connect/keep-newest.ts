/** Bounds for what is remembered by keys that come from outside. */

/** A map or a set. */
type Kept<K> = { readonly size: number; keys(): Iterable<K>; delete(key: K): boolean };

/** Forgets what was added first, until at most `countMax` are left. */
export function keepNewest<K>(kept: Kept<K>, countMax: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= countMax) return;
    kept.delete(oldest);
  }
}
