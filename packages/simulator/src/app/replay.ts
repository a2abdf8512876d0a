/**
 * One execution of a function's code with memoised steps: how far it comes, and which steps it finds on its way.
 *
 * I1  Total and pure: the same program and memo give the same outcome.
 * I2  Branches of a fork all begin before any of them is waited for; losers of a race go on beside what follows.
 * I3  Which branch wins is told by the stack (the order in which steps finished), so it never changes from one replay to the next.
 *
 * Spec: wire 6.4, 6.5.
 */
import { hashStepId } from "@pawl/protocol";
import type { LazyStatement, Program, Statement, StepStatement } from "./program.ts";

export type Memo = { readonly steps: Readonly<Record<string, unknown>>; readonly stack: readonly string[] };

export type FoundStep = { readonly hash: string; readonly statement: StepStatement; readonly isRacing: boolean };

/** `blocked`: it can't go on without a step that it found. */
export type Outcome =
  | { readonly kind: "returned" }
  | { readonly kind: "threw"; readonly message: string; readonly isRetryable: boolean }
  | { readonly kind: "blocked" };

/** `lazy`: what it passed that is not waited for, in order. */
export type Replay = { readonly outcome: Outcome; readonly found: readonly FoundStep[]; readonly lazy: readonly LazyStatement[] };

/** `throwsNow`: whether a `throw` statement that is reached fails this time. */
export type ReplayInput = { readonly memo: Memo; readonly throwsNow: (id: string) => boolean };

/** Runs a program. */
export function replay(program: Program, { memo, throwsNow }: ReplayInput): Replay {
  const position = new Map(memo.stack.map((hash, index) => [hash, index]));
  const walker: Walker = { memo, position, throwsNow, found: [], lazy: [] };
  const end = walk(walker, program.body, { isRacing: false });
  const { found, lazy } = walker;
  if (end.kind === "done") return { outcome: { kind: "returned" }, found, lazy };
  return { outcome: end.kind === "blocked" ? { kind: "blocked" } : end, found, lazy };
}

type Walker = ReplayInput & { readonly position: ReadonlyMap<string, number>; readonly found: FoundStep[]; readonly lazy: LazyStatement[] };

/** `at`: position on the stack of the step that brought it there; -1 for none. */
type End =
  | { readonly kind: "done"; readonly at: number }
  | { readonly kind: "threw"; readonly at: number; readonly message: string; readonly isRetryable: boolean }
  | { readonly kind: "blocked" };

function walk(walker: Walker, statements: readonly Statement[], { isRacing }: { readonly isRacing: boolean }): End {
  let at = -1;
  for (const statement of statements) {
    const end = statement.kind === "parallel" ? fork(walker, statement) : walkOne(walker, statement, isRacing);
    if (end.kind === "blocked") return end;
    at = Math.max(at, end.at);
    if (end.kind === "threw") return { ...end, at };
  }
  return { kind: "done", at };
}

function walkOne(walker: Walker, statement: Exclude<Statement, { kind: "parallel" }>, isRacing: boolean): End {
  if (statement.kind === "throw") {
    if (!walker.throwsNow(statement.id)) return { kind: "done", at: -1 };
    return { kind: "threw", at: -1, message: `thrown by ${statement.id}`, isRetryable: statement.isRetryable };
  }
  if (statement.kind === "defer" || statement.kind === "abort") {
    walker.lazy.push(statement);
    return { kind: "done", at: -1 };
  }
  const hash = hashStepId(statement.id);
  if (!Object.hasOwn(walker.memo.steps, hash)) {
    walker.found.push({ hash, statement, isRacing });
    return { kind: "blocked" };
  }
  const at = walker.position.get(hash) ?? -1;
  const mayThrow = (statement.kind === "run" || statement.kind === "invoke" || statement.kind === "fetch") && !statement.catches;
  if (mayThrow && isErrorResult(walker.memo.steps[hash]))
    return { kind: "threw", at, message: `step ${statement.id} failed`, isRetryable: false };
  return { kind: "done", at };
}

function fork(walker: Walker, { mode, branches }: Extract<Statement, { kind: "parallel" }>): End {
  const ends = branches.map((branch) => walk(walker, branch, { isRacing: mode === "race" }));
  const settled = ends.filter((end) => end.kind !== "blocked").toSorted((a, b) => a.at - b.at);
  const failed = settled.find(({ kind }) => kind === "threw");
  if (mode === "race") return settled[0] ?? { kind: "blocked" };
  if (failed !== undefined) return failed;
  return settled.length < ends.length ? { kind: "blocked" } : { kind: "done", at: settled.at(-1)?.at ?? -1 };
}

/** A memoised failure. */
export function isErrorResult(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 1 && "error" in value;
}
