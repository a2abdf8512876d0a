/** Between the values of rows and those of SQL: absent is null, booleans are 0 and 1, and an absent member has no key. */
import type { SqlValue } from "./connection.ts";

/** Of a row under construction. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A flag as SQL keeps it. */
export function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

/** A list for `in (select value from json_each(?))`: one placeholder for any length, so that the statement's text stays the same. */
export function jsonList(values: readonly string[]): SqlValue {
  return JSON.stringify(values);
}
