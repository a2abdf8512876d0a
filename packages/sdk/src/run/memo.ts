/**
 * Memoised results of a run, in the order in which they are given back.
 *
 * I1  Results are given back in the order in which the steps finished (`ctx.stack`), among those that the function has asked for. So races and
 *     branches take the same way as before.
 * I2  Each is given back once.
 *
 * Source: wire-protocol 5.4.
 */
import type { CallStack, SerializedError } from "@pawl/protocol";

export type Memo =
  | { readonly kind: "data"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: SerializedError }
  /** Not finished; to be run with these arguments. */
  | { readonly kind: "input"; readonly input: readonly unknown[] };

/** Reads a stored value: an object with exactly one of the three keys (and maybe `type`) is a wrapper, all else stands for itself. */
export function readMemo(stored: unknown): Memo {
  if (typeof stored === "object" && stored !== null && !Array.isArray(stored)) {
    const keys = Object.keys(stored);
    const key = keys.length === 1 ? keys[0] : keys.length === 2 && keys.includes("type") ? keys.find((name) => name !== "type") : undefined;
    const object = stored as Readonly<Record<string, unknown>>;
    if (key === "data") return { kind: "data", value: object["data"] };
    if (key === "error") return { kind: "error", error: asError(object["error"]) };
    if (key === "input" && Array.isArray(object["input"])) return { kind: "input", input: object["input"] };
  }
  return { kind: "data", value: stored };
}

function asError(error: unknown): SerializedError {
  if (typeof error !== "object" || error === null) return { name: "Error", message: String(error) };
  const { name, message } = error as Partial<SerializedError>;
  return { ...error, name: typeof name === "string" ? name : "Error", message: typeof message === "string" ? message : "Unknown error" };
}

/** The stored results of one call, and which of them the function has asked for. */
export class MemoLedger<Step extends { readonly hash: string }> {
  private readonly stored: Readonly<Record<string, unknown>>;
  /** Hashes in the order of I1. */
  private readonly order: readonly string[];
  /** Asked for and not given back yet. */
  private readonly waiting = new Map<string, Step>();
  /** Everything before this index of `order` has been given back. */
  private front = 0;
  private readonly given = new Set<string>();

  constructor(stored: Readonly<Record<string, unknown>>, stack: CallStack | null | undefined) {
    this.stored = stored;
    this.order = memoOrder(stored, stack);
  }

  /** The stored result of a step, whatever its order. */
  lookup(hash: string): Memo | undefined {
    return Object.hasOwn(this.stored, hash) ? readMemo(this.stored[hash]) : undefined;
  }

  /** The function has asked for a finished step. */
  await(step: Step): void {
    this.waiting.set(step.hash, step);
  }

  /** The next step to be given back; `undefined` when none is asked for. */
  next(): Step | undefined {
    if (this.waiting.size === 0) return undefined;
    while (this.front < this.order.length && this.given.has(this.order[this.front]!)) this.front += 1;
    for (let index = this.front; index < this.order.length; index++) {
      const step = this.waiting.get(this.order[index]!);
      if (step !== undefined) return this.give(step);
    }
    return undefined;
  }

  private give(step: Step): Step {
    this.waiting.delete(step.hash);
    this.given.add(step.hash);
    return step;
  }

  /** How many stored results have been given back. */
  get givenCount(): number {
    return this.given.size;
  }

  /** True when every stored result has been given back. */
  get isExhausted(): boolean {
    return this.given.size >= this.order.length;
  }

  /** Hashes of finished steps that the function has not asked for. */
  unreached(): string[] {
    return this.order.filter((hash) => !this.given.has(hash) && !this.waiting.has(hash));
  }
}

/** The stack, then what is stored and finished but missing in it. */
function memoOrder(stored: Readonly<Record<string, unknown>>, stack: CallStack | null | undefined): readonly string[] {
  const finished = Object.keys(stored).filter((hash) => readMemo(stored[hash]).kind !== "input");
  const listed = (stack?.stack ?? []).filter((hash) => Object.hasOwn(stored, hash));
  if (listed.length === 0) return finished;
  if (listed.length === finished.length) return listed;
  return [...new Set([...listed, ...finished])];
}
