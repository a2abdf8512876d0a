/**
 * Numbers repeated ids in the order of their calls.
 *
 * Source: wire-protocol 6.3.
 */
import { hashStepId } from "@pawl/protocol";
import type { StepIdentity } from "./found-step.ts";

export class StepIds {
  /** Uses so far, by id. */
  private readonly uses = new Map<string, number>();
  private readonly hashes = new Set<string>();

  /** Identity of the next use of an id. Numbers that were themselves used as ids (`send:1`) are skipped. */
  claim(id: string): StepIdentity {
    let index = this.uses.get(id) ?? 0;
    for (;;) {
      const hash = hashStepId(index === 0 ? id : `${id}:${index}`);
      if (!this.hashes.has(hash)) {
        this.hashes.add(hash);
        this.uses.set(id, index + 1);
        return { hash, index };
      }
      index += 1;
    }
  }
}
