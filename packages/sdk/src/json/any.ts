/**
 * The one `any` of this package. It stands where nothing is known about a value that users nevertheless want to read without a cast
 * (data of an event without a schema), and as the wildcard of type parameters in constraints.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export type Any = any;

/** Shows an intersection of object types as one object type. */
export type Flatten<T> = { [K in keyof T]: T[K] } & {};

export type MaybePromise<T> = T | Promise<T>;
