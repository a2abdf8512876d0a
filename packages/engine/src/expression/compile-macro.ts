/**
 * Macros over lists and maps as closures.
 *
 * I1  A macro over a missing or failed list is `false` (`all`, `exists`, `exists_one`) or absent (`map`, `filter`).
 * I2  Predicates have JavaScript-like truth; an absent predicate is false.
 * I3  Over a map, the variable takes the keys.
 */
import { type Code, type EvaluationScope, spend } from "./evaluation-scope.ts";
import { wrongArgument } from "./function-type.ts";
import type { MacroName } from "./syntax.ts";
import { isAbsent, isList, isMap, isTruthy, type Outcome, type Value } from "./value.ts";

/** A macro with compiled parts. */
export type MacroCode = {
  readonly macro: MacroName;
  readonly target: Code;
  readonly slot: number;
  readonly filter?: Code;
  readonly body: Code;
  /** Units of work of one turn of the loop. */
  readonly turnCost: number;
};

type Turn = { readonly item: Value; readonly body: Outcome };

/** Compiles a macro. */
export function compileMacro(code: MacroCode): Code {
  const finish = FINISH[code.macro];
  const isPredicate = code.macro !== "map" && code.macro !== "filter";
  return (scope) => {
    const target = code.target(scope);
    if (isAbsent(target)) return isPredicate ? false : target;
    const items = isList(target) ? target : isMap(target) ? Object.keys(target) : undefined;
    if (isMap(target)) spend(scope, items?.length ?? 0);
    return items === undefined ? wrongArgument(code.macro, "a list or a map", target) : finish(turnsOf(code, items, scope));
  };
}

function* turnsOf(code: MacroCode, items: readonly Value[], scope: EvaluationScope): Generator<Turn> {
  const outer = scope.locals[code.slot];
  try {
    for (const item of items) {
      spend(scope, code.turnCost);
      scope.locals[code.slot] = item;
      if (code.filter === undefined || isTruthy(code.filter(scope))) yield { item, body: code.body(scope) };
    }
  } finally {
    scope.locals[code.slot] = outer;
  }
}

const FINISH: Readonly<Record<MacroName, (turns: Iterable<Turn>) => Outcome>> = {
  all: (turns) => {
    for (const { body } of turns) if (!isTruthy(body)) return false;
    return true;
  },
  exists: (turns) => {
    for (const { body } of turns) if (isTruthy(body)) return true;
    return false;
  },
  exists_one: (turns) => {
    let count = 0;
    for (const { body } of turns) count += isTruthy(body) ? 1 : 0;
    return count === 1;
  },
  filter: (turns) => {
    const kept: Value[] = [];
    for (const { item, body } of turns) if (isTruthy(body)) kept.push(item);
    return kept;
  },
  map: (turns) => {
    const mapped: Value[] = [];
    for (const { body } of turns) {
      if (isAbsent(body) && body !== undefined) return body;
      mapped.push(body ?? null);
    }
    return mapped;
  },
};
