export { openMemoryStore } from "./memory-store.ts";
export type { MemoryFaults, MemorySnapshot, MemoryStore, MemoryStoreOptions } from "./memory-store.ts";
