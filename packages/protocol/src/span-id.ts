/**
 * Ids of traces and spans, from what they are about: whoever knows a run and a step knows their spans.
 *
 * The bytes are those of the C2SP generator chacha8rand, keyed with the SHA-256 of a seed. Of its four blocks only the first two words are
 * needed, to which the key is not added.
 *
 * Source: wire 13.3; https://c2sp.org/chacha8rand.
 */

/** Lower-case hex: 32 digits and 16. */
export type SpanIds = { readonly traceId: string; readonly spanId: string };

const BLOCKS = 4;
const WORDS = 16;
const CONSTANTS: readonly number[] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

/** Shared: generating never yields. */
const state = new Int32Array(WORDS);

/** Ids of a seed, of which `key` is the SHA-256. */
export function spanIdsOf(key: Uint8Array): SpanIds {
  let traceId = "";
  let spanId = "";
  for (let block = 0; block < BLOCKS; block++) {
    load(key, block);
    for (let round = 0; round < 4; round++) doubleRound();
    // The generator takes word by word from all blocks; two words make a value.
    traceId += hexOf(state[0] ?? 0);
    if (block < 2) spanId += hexOf(state[1] ?? 0);
  }
  return { traceId, spanId };
}

/** The bytes of a word, the lowest first. */
function hexOf(word: number): string {
  const reversed = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  return (reversed >>> 0).toString(16).padStart(8, "0");
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
