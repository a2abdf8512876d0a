/**
 * `matches`: RE2 syntax, matched anywhere in the text, in time linear in the text.
 *
 * I1  No pattern can make matching super-linear: the engine is a port of RE2 and never backtracks.
 * I2  Compiled patterns are kept for reuse, at most `PATTERNS_KEPT_MAX`.
 */
import { RE2JS } from "re2js";
import { Failure } from "./value.ts";

/** Longest pattern. RE2's cost is pattern × text, so this bounds the factor. */
const PATTERN_CHARS_MAX = 1_000;

/** Patterns kept compiled. Compiling costs about 0.1 ms; a server has few patterns, but some may come out of events. */
const PATTERNS_KEPT_MAX = 500;

const kept = new Map<string, RE2JS | Failure>();

/** Whether a pattern matches somewhere in a text. An invalid pattern is a failure. */
export function matchesPattern(text: string, pattern: string): boolean | Failure {
  const compiled = compilePattern(pattern);
  return compiled instanceof Failure ? compiled : compiled.test(text);
}

/**
 * Units of work to match a pattern, beyond reading the text: they grow with text × program. Measured at up to 800 ns a character for a
 * program of 1,800 instructions, and at 1 to 30 ns for usual ones.
 */
export function patternCost(text: string, pattern: string): number {
  const compiled = compilePattern(pattern);
  return compiled instanceof Failure ? 0 : Math.floor((text.length * compiled.programSize()) / 512);
}

/** Says what is wrong with a pattern; undefined if nothing is. */
export function patternProblem(pattern: string): string | undefined {
  const compiled = compilePattern(pattern);
  return compiled instanceof Failure ? compiled.message : undefined;
}

function compilePattern(pattern: string): RE2JS | Failure {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const compiled = compileFresh(pattern);
  if (kept.size >= PATTERNS_KEPT_MAX) {
    const oldest = kept.keys().next();
    if (oldest.done !== true) kept.delete(oldest.value);
  }
  kept.set(pattern, compiled);
  return compiled;
}

function compileFresh(pattern: string): RE2JS | Failure {
  if (pattern.length > PATTERN_CHARS_MAX) {
    return new Failure(`matches() takes a pattern of at most ${PATTERN_CHARS_MAX} characters, got ${pattern.length}`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return new Failure(`matches() needs a regular expression in RE2 syntax: ${error instanceof Error ? error.message : "not valid"}`);
  }
}
