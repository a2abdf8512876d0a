export type * from "./store.ts";
export type * from "./history.ts";
export * from "./row-rules.ts";
export * from "./store-error.ts";
