/**
 * The only source of chance in a simulated world.
 *
 * I1  The same seed and label give the same numbers; a fork does not depend on what was drawn from others, so adding a draw in one
 *     place changes nothing in another.
 *
 * The generator is sfc32, seeded by FNV-1a hashes of seed and label.
 */
import type { RandomSource } from "@pawl/engine";
import { encodeUlid, ULID_ENTROPY_BYTES } from "@pawl/protocol";
import { increment } from "@pawl/server";

const WARM_UP_ROUNDS = 12;

export class SeededRandom implements RandomSource {
  readonly #seed: string;
  readonly #words: Uint32Array = new Uint32Array(4);
  readonly #entropy: Uint8Array = new Uint8Array(ULID_ENTROPY_BYTES);
  #lastMs = -1;

  constructor(seed: string) {
    this.#seed = seed;
    for (let index = 0; index < 4; index++) this.#words[index] = hashOf(`${index}|${seed}`);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#next();
  }

  /** An independent source. */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }

  integer(bound: number): number {
    return bound <= 1 ? 0 : Math.floor((this.#next() / 0x1_0000_0000) * bound);
  }

  /** Uniform integer from `least` to `most`, both possible. */
  between(least: number, most: number): number {
    return least + this.integer(most - least + 1);
  }

  /** True with the probability. Draws nothing where the answer is certain, so a world without a fault is not shifted by it. */
  chance(probability: number): boolean {
    return probability > 0 && this.#next() / 0x1_0000_0000 < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.integer(list.length)];
    if (picked === undefined) throw new RangeError("Nothing can be picked from an empty list.");
    return picked;
  }

  ulid(at: number): string {
    const ms = Math.max(Math.floor(at), this.#lastMs);
    if (ms === this.#lastMs) increment(this.#entropy);
    else this.#refresh();
    this.#lastMs = ms;
    return encodeUlid(ms, this.#entropy);
  }

  #refresh(): void {
    for (let index = 0; index < this.#entropy.length; index++) this.#entropy[index] = this.#next() & 0xff;
    // Room to count upwards within the millisecond.
    this.#entropy[0] = (this.#entropy[0] ?? 0) & 0x7f;
  }

  #next(): number {
    const words = this.#words;
    const [a = 0, b = 0, c = 0, d = 0] = words;
    const sum = (a + b + d) >>> 0;
    words[3] = d + 1;
    words[0] = b ^ (b >>> 9);
    words[1] = c + (c << 3);
    words[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  return hash >>> 0;
}
