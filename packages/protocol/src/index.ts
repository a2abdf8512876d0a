export {};
export * from "./status.ts";
export * from "./reason.ts";
export type * from "./ui.ts";
