/**
 * Numbers repeated ids in the order of their calls.
 *
 * Source: wire-protocol 6.3.
 */
import { hashStepId } from "@pawl/protocol";
import type { StepIdentity } from "./found-step.ts";

/** Hashes that are kept for the next call of the same function: each call asks for those of all earlier steps. About 100 bytes each. */
const HASHES_KEPT_MAX = 10_000;

const hashes = new Map<string, string>();

function hashOf(effectiveId: string): string {
  const known = hashes.get(effectiveId);
  if (known !== undefined) return known;
  const hash = hashStepId(effectiveId);
  // Ids that hold data, such as a loop's index or a user's id, never end; those in use come back at once.
  if (hashes.size >= HASHES_KEPT_MAX) hashes.clear();
  hashes.set(effectiveId, hash);
  return hash;
}

export class StepIds {
  /** Uses so far, by id. */
  private readonly uses = new Map<string, number>();
  private readonly hashes = new Set<string>();

  /** Identity of the next use of an id. Numbers that were themselves used as ids (`send:1`) are skipped. */
  claim(id: string): StepIdentity {
    let index = this.uses.get(id) ?? 0;
    for (;;) {
      const hash = hashOf(index === 0 ? id : `${id}:${index}`);
      if (!this.hashes.has(hash)) {
        this.hashes.add(hash);
        this.uses.set(id, index + 1);
        return { hash, index };
      }
      index += 1;
    }
  }
}
