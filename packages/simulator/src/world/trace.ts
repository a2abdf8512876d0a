/** What happened in a world, as lines; their hash tells whether two runs of a seed were the same. */
import { createHash } from "node:crypto";

export class Trace {
  readonly #hash = createHash("sha1");
  readonly #lines: string[] | undefined;
  #digest: string | undefined;

  /** `isKept`: lines are kept for printing. */
  constructor(isKept: boolean) {
    this.#lines = isKept ? [] : undefined;
  }

  note(at: number, line: string): void {
    const text = `${at} ${line}\n`;
    this.#hash.update(text);
    this.#lines?.push(text);
  }

  /** Ends the trace. */
  digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }

  lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
