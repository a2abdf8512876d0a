/** What happened in a world, as lines; their hash tells whether two runs of a seed were the same. */
import { createHash } from "node:crypto";

/** `hashed`: lines are forgotten once they are in the hash; `off`: nothing is noted, which takes a tenth off a world's time. */
export type TraceMode = "kept" | "hashed" | "off";

export class Trace {
  readonly #hash = createHash("sha1");
  readonly #lines: string[] = [];
  readonly #mode: TraceMode;
  #digest: string | undefined;

  constructor(mode: TraceMode) {
    this.#mode = mode;
  }

  note(at: number, line: () => string): void {
    if (this.#mode === "off") return;
    const text = `${at} ${line()}\n`;
    this.#hash.update(text);
    if (this.#mode === "kept") this.#lines.push(text);
  }

  /** Ends the trace. */
  digest(): string {
    this.#digest ??= this.#mode === "off" ? "" : this.#hash.digest("hex");
    return this.#digest;
  }

  lines(): readonly string[] {
    return this.#lines;
  }
}
