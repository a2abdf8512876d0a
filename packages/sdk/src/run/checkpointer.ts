/**
 * Results that were produced in this call and that the server doesn't know yet.
 *
 * I1  Ops are saved in the order in which they were added, and leave the buffer only when saved.
 * I2  One request at a time.
 *
 * Source: wire-protocol 7.2.
 */

/** `stale`: another call owns the run now. `failed`: the server couldn't be reached, or refused. */
export type SaveResult = "saved" | "stale" | "failed";

/** Saves ops, given as JSON text. Never rejects. */
export type Save = (ops: readonly string[]) => Promise<SaveResult>;

export class Checkpointer {
  private readonly save: Save;
  private readonly buffer: string[] = [];
  private inFlight: Promise<SaveResult> | undefined;

  constructor(save: Save) {
    this.save = save;
  }

  /** Ops not known to be saved. */
  get size(): number {
    return this.buffer.length;
  }

  get ops(): readonly string[] {
    return this.buffer;
  }

  add(...ops: readonly string[]): void {
    this.buffer.push(...ops);
  }

  /** Saves until nothing is left, or until it can't. */
  async flush(): Promise<SaveResult> {
    while (this.buffer.length > 0) {
      this.inFlight ??= this.post();
      const result = await this.inFlight;
      if (result !== "saved") return result;
    }
    return "saved";
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<SaveResult> {
    return this.inFlight ?? "saved";
  }

  private async post(): Promise<SaveResult> {
    const batch = this.buffer.slice();
    const result = await this.save(batch);
    if (result === "saved") this.buffer.splice(0, batch.length);
    this.inFlight = undefined;
    return result;
  }
}
