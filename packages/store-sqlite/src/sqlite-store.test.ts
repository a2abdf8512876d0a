import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore, type OpenedStore } from "@pawl/store/conformance";
import { openMemoryStore, type MemoryStore } from "@pawl/store-memory";
import { openSqliteStore } from "./open-sqlite-store.ts";

async function openTemporarySqlite(): Promise<OpenedStore> {
  const folder = mkdtempSync(join(tmpdir(), "pawl-store-"));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  return { ...(await openFile(join(folder, "pawl.db"))), dispose };
}

async function openFile(path: string): Promise<OpenedStore> {
  const store = await openSqliteStore({ path, synchronous: "normal", cacheKib: 4_096 });
  const reopen = async (): Promise<OpenedStore> => {
    await store.close();
    return openFile(path);
  };
  return { store, reopen };
}

async function openModel(store: MemoryStore = openMemoryStore()): Promise<OpenedStore> {
  return { store, reopen: () => openModel(openMemoryStore({ snapshot: store.snapshot() })) };
}

describeStore("sqlite", openTemporarySqlite, { model: () => openModel() });
describeStore("sqlite in memory", async () => ({ store: await openSqliteStore({ path: ":memory:" }) }));
