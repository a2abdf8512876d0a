/**
 * What the suite needs of a driver, and the words its tests are written in.
 *
 * I1  Every test has a store of its own, closed and disposed of afterwards.
 */
import type { Change, Guard } from "@pawl/engine";
import { expect, onTestFinished } from "vitest";
import type { Claim, Store } from "../store.ts";

/** A store under test. */
export type OpenedStore = {
  readonly store: Store;
  /** Closes the store, or crashes it, and opens what it left. Absent for a driver that keeps nothing. */
  readonly reopen?: () => Promise<OpenedStore>;
  /** Removes what the store left behind, after it was closed. */
  readonly dispose?: () => Promise<void> | void;
};

export type OpenStore = () => Promise<OpenedStore>;

/** Opens a store for the running test. */
export async function openForTest(open: OpenStore): Promise<OpenedStore> {
  const opened = await open();
  onTestFinished(async () => {
    await opened.store.close();
    await opened.dispose?.();
  });
  return opened;
}

/** Applies changes and expects that the guards held. */
export async function commit(store: Store, changes: readonly Change[], guards: readonly Guard[] = []): Promise<void> {
  expect(await store.apply({ guards, changes })).toEqual({ kind: "applied" });
}

/** Applies changes and expects that the last guard did not hold. */
export async function conflict(store: Store, guards: readonly Guard[], changes: readonly Change[] = []): Promise<void> {
  expect(await store.apply({ guards, changes })).toEqual({ kind: "conflict", guard: guards.at(-1) });
}

/** Leases one item, which must be there and free. */
export async function claimOne(store: Store, itemId: string): Promise<Claim> {
  const claims = await store.claimItems([itemId]);
  expect(claims.map((claim) => claim.itemId)).toEqual([itemId]);
  return claims[0] as Claim;
}

export function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}
