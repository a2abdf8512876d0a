/**
 * What workers have when a server stops, told to the one that comes after. A killed server tells nothing: what its workers had is called
 * anew, at least once, as always.
 *
 * Spec: wire 9.8; semantics 12.1.
 */
import type { CellRow, RandomSource } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import { EXPECTED_MS, type HandedOverCall } from "./expected.ts";

const CALLS_MAX = 10_000;
const PAGE = 100;

export type HandoverOptions = { readonly store: Store; readonly clock: Clock; readonly random: RandomSource };

/** Stores what workers have. */
export async function handOver({ store, clock, random }: HandoverOptions, calls: readonly HandedOverCall[]): Promise<void> {
  if (calls.length === 0) return;
  const now = clock.now();
  const cell: CellRow = {
    key: `underway||${random.ulid(now)}`,
    kind: "underway",
    functionId: "",
    state: JSON.stringify(calls.slice(0, CALLS_MAX)),
    version: 1,
    expiresAt: now + EXPECTED_MS,
  };
  await store.apply({ guards: [{ kind: "cell-version", key: cell.key, version: 0 }], changes: [{ kind: "put-cell", cell }] });
}

/** What was handed over, once. */
export async function takeOver({ store, clock }: Pick<HandoverOptions, "store" | "clock">): Promise<readonly HandedOverCall[]> {
  const cells = await store.cellsOfKind({ kind: "underway", limit: PAGE });
  const calls: HandedOverCall[] = [];
  for (const { key, version, state, expiresAt = 0 } of cells) {
    const guards = [{ kind: "cell-version", key, version }] as const;
    const taken = await store.apply({ guards, changes: [{ kind: "delete-cell", key }] });
    if (taken.kind === "applied" && expiresAt > clock.now()) calls.push(...(JSON.parse(state) as readonly HandedOverCall[]));
  }
  return calls;
}
