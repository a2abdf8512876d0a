/**
 * What a type becomes when its value travels as JSON: the type of step results, outputs of functions and data of signals.
 *
 * I1  `Jsonify<Jsonify<T>>` is `Jsonify<T>`.
 *
 * Source: sdk section 8.
 */
import type { Any, Flatten } from "./any.ts";

/** JSON form of a type: `Date` becomes `string`, `undefined` becomes `null` at the top and an absent property below, functions vanish. */
export type Jsonify<T> = 0 extends 1 & T ? T : unknown extends T ? T : JsonOf<T>;

type Primitive = string | number | boolean | null;
type Unrepresentable = undefined | symbol | ((...args: Any[]) => unknown);

type JsonOf<T> = T extends Primitive
  ? T
  : T extends undefined | void
    ? null
    : T extends { toJSON(...args: Any[]): infer J }
      ? Jsonify<J>
      : T extends bigint | symbol | ((...args: Any[]) => unknown)
        ? null
        : T extends ReadonlyMap<Any, Any> | ReadonlySet<Any>
          ? Record<never, never>
          : T extends readonly unknown[]
            ? JsonArray<T>
            : T extends ArrayBufferView
              ? Record<string, number>
              : T extends object
                ? JsonObject<T>
                : never;

type JsonArray<T extends readonly unknown[]> = { -readonly [K in keyof T]: Jsonify<T[K]> };

type JsonObject<T> = Flatten<
  { -readonly [K in keyof T as RequiredKey<T, K>]: Jsonify<T[K]> } & {
    -readonly [K in keyof T as OptionalKey<T, K>]?: Jsonify<Exclude<T[K], Unrepresentable>>;
  }
>;

/** Keys that are always there. `any` and `unknown` count as such, since nothing is known about them. */
type RequiredKey<T, K extends keyof T> = K extends symbol
  ? never
  : unknown extends T[K]
    ? K
    : Extract<T[K], Unrepresentable> extends never
      ? K
      : never;

/** Keys that may vanish; those that always do are dropped. */
type OptionalKey<T, K extends keyof T> = K extends symbol
  ? never
  : unknown extends T[K]
    ? never
    : Extract<T[K], Unrepresentable> extends never
      ? never
      : Exclude<T[K], Unrepresentable> extends never
        ? never
        : K;
