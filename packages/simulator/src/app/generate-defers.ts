/**
 * What a function defers, by chance: a statement here and there, and some that take it back.
 *
 * I1  A function defers only functions after it, as it invokes only those, so every chain ends.
 */
import type { SeededRandom } from "../world/seeded-random.ts";
import type { Program, Statement } from "./program.ts";

/** How often a list of statements defers something. */
const CHANCE = 0.45;

type Writer = { readonly random: SeededRandom; readonly later: readonly string[]; next: number };

/** The same program, with defers in it. */
export function withDefers(program: Program, { random, later }: Pick<Writer, "random" | "later">): Program {
  return { ...program, body: withinBody(program.body, { random, later, next: 0 }) };
}

function withinBody(body: readonly Statement[], writer: Writer): readonly Statement[] {
  const { random, later } = writer;
  const inner = body.map((statement) =>
    statement.kind === "parallel" ? { ...statement, branches: statement.branches.map((branch) => withinBody(branch, writer)) } : statement,
  );
  if (!random.chance(CHANCE)) return inner;
  const id = `d${writer.next++}`;
  const at = random.integer(inner.length + 1);
  const isInvalid = random.chance(0.1);
  const made = inner.toSpliced(at, 0, { kind: "defer", id, target: random.pick(later), isInvalid });
  if (!random.chance(0.3)) return made;
  return made.toSpliced(random.between(at + 1, made.length), 0, { kind: "abort", id: `${id} abort`, defer: id });
}
