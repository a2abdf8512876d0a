/** Randomness of the services: ULIDs that grow, and integers. */
import { randomBytes, randomInt } from "node:crypto";
import type { RandomSource } from "@pawl/engine";
import { encodeUlid } from "@pawl/protocol";

const POOL_BYTES = 8_192;
const ENTROPY_BYTES = 10;

/** The system's randomness. ULIDs made by one source in the same millisecond grow, so their order is the order in which they were made. */
export function systemRandom(): RandomSource {
  let pool = randomBytes(POOL_BYTES);
  let used = 0;
  let lastMs = -1;
  const entropy = new Uint8Array(ENTROPY_BYTES);

  function refresh(): void {
    if (used + ENTROPY_BYTES > POOL_BYTES) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    entropy.set(pool.subarray(used, used + ENTROPY_BYTES));
    // Room to count upwards within the millisecond.
    entropy[0] = (entropy[0] ?? 0) & 0x7f;
    used += ENTROPY_BYTES;
  }

  return {
    integer: (bound) => (bound <= 1 ? 0 : randomInt(bound)),
    ulid(at) {
      const ms = Math.max(Math.floor(at), lastMs);
      if (ms === lastMs) increment(entropy);
      else refresh();
      lastMs = ms;
      return encodeUlid(ms, entropy);
    },
  };
}

/** Adds one to a big-endian number. */
export function increment(bytes: Uint8Array): void {
  for (let index = bytes.length - 1; index >= 0; index--) {
    const value = ((bytes[index] ?? 0) + 1) & 0xff;
    bytes[index] = value;
    if (value !== 0) return;
  }
}
