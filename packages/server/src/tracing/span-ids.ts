/**
 * Ids of traces and spans, from what they are about: whoever knows a run and a step knows their spans, and what is told twice is the same
 * span.
 *
 * The bytes are those of the C2SP generator chacha8rand, keyed with the SHA-256 of a seed. Of its four blocks only the first two words are
 * needed, to which the key is not added.
 *
 * Source: wire 13.3; https://c2sp.org/chacha8rand.
 */
import { hash } from "node:crypto";

/** Lower-case hex: 32 digits and 16. */
export type SpanIds = { readonly traceId: string; readonly spanId: string };

const BLOCKS = 4;
const WORDS = 16;
const CONSTANTS: readonly number[] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

/** Shared: generating never yields. */
const state = new Int32Array(WORDS);
const output = Buffer.alloc(BLOCKS * 8);

/** Ids of a seed. */
export function idsOf(seed: string | Uint8Array): SpanIds {
  const key = hash("sha256", seed, "buffer");
  for (let block = 0; block < BLOCKS; block++) {
    load(key, block);
    for (let round = 0; round < 4; round++) doubleRound();
    // The generator takes word by word from all blocks; two words make a value.
    output.writeInt32LE(state[0] ?? 0, block * 4);
    output.writeInt32LE(state[1] ?? 0, 16 + block * 4);
  }
  return { traceId: output.toString("hex", 0, 16), spanId: output.toString("hex", 16, 24) };
}

/** The trace of a run, and the span of the run itself. */
export function runIds(runId: string): SpanIds {
  return idsOf(ulidBytes(runId));
}

/** The span of a step. */
export function stepSpanId(stepHash: string): string {
  return idsOf(stepHash).spanId;
}

/** The span of one attempt: of a step, by its hash, or of the run's own code (`function`). */
export function attemptSpanId(stepHash: string, attempt: number): string {
  return idsOf(`${stepHash}:${attempt}`).spanId;
}

function load(key: Uint8Array, counter: number): void {
  for (let index = 0; index < 4; index++) state[index] = CONSTANTS[index] ?? 0;
  for (let index = 0; index < 8; index++) {
    const at = index * 4;
    state[4 + index] = (key[at] ?? 0) | ((key[at + 1] ?? 0) << 8) | ((key[at + 2] ?? 0) << 16) | ((key[at + 3] ?? 0) << 24);
  }
  state.fill(0, 12);
  state[12] = counter;
}

function doubleRound(): void {
  for (let column = 0; column < 4; column++) quarterRound(column, 4 + column, 8 + column, 12 + column);
  for (let column = 0; column < 4; column++) quarterRound(column, 4 + ((column + 1) % 4), 8 + ((column + 2) % 4), 12 + ((column + 3) % 4));
}

// oxlint-disable-next-line max-params -- the four words of the cipher's definition
function quarterRound(a: number, b: number, c: number, d: number): void {
  mix(a, b, d, 16);
  mix(c, d, b, 12);
  mix(a, b, d, 8);
  mix(c, d, b, 7);
}

/** a += b; d = (d ^ a) <<< bits. */
// oxlint-disable-next-line max-params -- as above
function mix(a: number, b: number, d: number, bits: number): void {
  const sum = ((state[a] ?? 0) + (state[b] ?? 0)) | 0;
  state[a] = sum;
  const word = (state[d] ?? 0) ^ sum;
  state[d] = (word << bits) | (word >>> (32 - bits));
}

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The 16 bytes that a ULID's 26 characters stand for. */
function ulidBytes(ulid: string): Uint8Array {
  let value = 0n;
  for (const character of ulid.toUpperCase()) value = (value << 5n) | BigInt(Math.max(0, ALPHABET.indexOf(character)));
  return Buffer.from(value.toString(16).padStart(32, "0").slice(-32), "hex");
}
