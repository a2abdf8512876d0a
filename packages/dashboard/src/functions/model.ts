/** Triggers of functions: their words, and which names come close to one that triggers nothing. */
import type { UiFunction } from "@pawl/protocol";

/** Names within this many edits count as a slip of the fingers. */
const EDITS_MAX = 2;

/** The event names that the functions listen to, sorted, each once. Patterns and the server's own events are left out. */
export function listenedNames(functions: readonly UiFunction[]): readonly string[] {
  const names = functions.flatMap(({ triggers }) => triggers.flatMap(({ event }) => event ?? []));
  return [...new Set(names)].filter((name) => !name.startsWith("inngest/") && !name.includes("*")).sort();
}

/** The name that was probably meant: the listened one with the fewest edits, at most two. Undefined when the name itself is listened to. */
export function nearMiss(name: string, listened: readonly string[]): string | undefined {
  if (listened.includes(name)) return undefined;
  const close = listened.map((each) => ({ each, edits: editsBetween(name, each) })).filter(({ edits }) => edits <= EDITS_MAX);
  return close.toSorted((a, b) => a.edits - b.edits)[0]?.each;
}

/** Levenshtein distance; names are short, so the plain table will do. Lengths that differ too much are far apart at once. */
function editsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > EDITS_MAX) return Infinity;
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const swap = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(swap, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[b.length] ?? Infinity;
}
