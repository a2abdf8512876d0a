import { describe, expect, test } from "vitest";
import { describeStore, fixtures, idOf, type OpenedStore } from "@pawl/store/conformance";
import { openMemoryStore, type MemoryStore } from "./memory-store.ts";

function opened(store: MemoryStore): OpenedStore {
  return { store, reopen: async () => opened(openMemoryStore({ snapshot: store.snapshot() })) };
}

describeStore("memory", async () => opened(openMemoryStore()));

describe("crash copies", () => {
  test("a copy keeps what was committed, and neither side sees the other's later changes", async () => {
    const store = openMemoryStore();
    await store.apply({ guards: [], changes: [{ kind: "insert-item", item: fixtures.item() }] });
    const copy = openMemoryStore({ snapshot: store.snapshot() });
    await copy.apply({ guards: [], changes: [{ kind: "delete-item", itemId: fixtures.item().id }] });
    await store.apply({ guards: [], changes: [{ kind: "insert-item", item: fixtures.item({ id: `${idOf(1)}/other` }) }] });
    expect(await store.itemsOfRun(idOf(1))).toHaveLength(2);
    expect(await copy.itemsOfRun(idOf(1))).toEqual([]);
  });

  test("a copy can be opened twice from one snapshot", async () => {
    const store = openMemoryStore();
    const snapshot = store.snapshot();
    await openMemoryStore({ snapshot }).apply({ guards: [], changes: [{ kind: "insert-event", event: fixtures.event() }] });
    expect(await openMemoryStore({ snapshot }).unprocessedEvents({ limit: 1 })).toEqual([]);
  });
});

describe("faults", () => {
  const changeSet = { guards: [], changes: [{ kind: "insert-event", event: fixtures.event() }] } as const;
  const fail = (): void => {
    throw new Error("power cut");
  };

  test("a fault before the commit leaves nothing", async () => {
    const store = openMemoryStore({ faults: { beforeCommit: fail } });
    await expect(store.apply(changeSet)).rejects.toThrow("power cut");
    expect(await store.unprocessedEvents({ limit: 1 })).toEqual([]);
  });

  test("a fault after the commit loses the acknowledgement only", async () => {
    const store = openMemoryStore({ faults: { afterCommit: fail } });
    await expect(store.apply(changeSet)).rejects.toThrow("power cut");
    expect(await store.unprocessedEvents({ limit: 1 })).toHaveLength(1);
  });

  test("a conflict meets no fault after the commit", async () => {
    const store = openMemoryStore({ faults: { afterCommit: fail } });
    const guard = { kind: "pause-open", pauseId: "none" } as const;
    expect(await store.apply({ guards: [guard], changes: [] })).toEqual({ kind: "conflict", guard });
  });
});
