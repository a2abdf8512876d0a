/** The functions of the dialect by name. Macros (`has`, `all`, `exists`, `exists_one`, `map`, `filter`) are syntax, not functions. */
import { CONVERSION_FUNCTIONS } from "./conversion-functions.ts";
import type { ExpressionFunction } from "./function-type.ts";
import { TEXT_FUNCTIONS } from "./text-functions.ts";
import { TIME_FUNCTIONS } from "./time-functions.ts";

/** Every function by name. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(
  [...CONVERSION_FUNCTIONS, ...TEXT_FUNCTIONS, ...TIME_FUNCTIONS].map((definition) => [definition.name, definition]),
);
