/**
 * ULIDs: 48 bits of milliseconds and 80 bits of entropy in 26 characters of Crockford's base 32. They sort by time.
 *
 * I1  Pure: time and entropy are arguments.
 *
 * Source: wire-protocol section 8.5 (seeds); https://github.com/ulid/spec (format).
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;

/** Bytes of entropy in a ULID. */
export const ULID_ENTROPY_BYTES = 10;

/** Largest time a ULID can carry, in Unix milliseconds (48 bits). */
export const ULID_TIME_MAX = 281_474_976_710_655;

/** The ULID of a time (Unix milliseconds) and 10 bytes of entropy. Throws a RangeError when either doesn't fit. */
export function encodeUlid(ms: number, entropy: Uint8Array): string {
  if (!Number.isInteger(ms) || ms < 0 || ms > ULID_TIME_MAX) throw new RangeError(`A ULID's time must be from 0 to 2^48-1 ms, not ${ms}.`);
  if (entropy.length !== ULID_ENTROPY_BYTES) throw new RangeError(`A ULID's entropy must be 10 bytes, not ${entropy.length}.`);
  return encodeTime(ms) + encodeFiveBytes(entropy, 0) + encodeFiveBytes(entropy, 5);
}

function encodeTime(ms: number): string {
  const high = Math.floor(ms / 0x2000000);
  const low = ms % 0x2000000;
  return encodeBits(high, 5) + encodeBits(low, 5);
}

/** Five bytes are 40 bits are eight characters; split into two halves that fit in 32-bit integers. */
function encodeFiveBytes(bytes: Uint8Array, offset: number): string {
  const a = bytes[offset] ?? 0;
  const b = bytes[offset + 1] ?? 0;
  const c = bytes[offset + 2] ?? 0;
  const d = bytes[offset + 3] ?? 0;
  const e = bytes[offset + 4] ?? 0;
  return encodeBits((a << 12) | (b << 4) | (c >> 4), 4) + encodeBits(((c & 15) << 16) | (d << 8) | e, 4);
}

function encodeBits(value: number, characters: number): string {
  let text = "";
  for (let shift = (characters - 1) * 5; shift >= 0; shift -= 5) text += ALPHABET.charAt((value >>> shift) & 31);
  return text;
}

/** True for 26 characters of base 32 in either case whose time fits. */
export function isUlid(text: string): boolean {
  return text.length === 26 && ULID.test(text);
}

/** The time of a ULID in Unix milliseconds; `undefined` when it isn't one. */
export function ulidTime(ulid: string): number | undefined {
  if (!isUlid(ulid)) return undefined;
  let ms = 0;
  for (const character of ulid.slice(0, 10).toUpperCase()) ms = ms * 32 + ALPHABET.indexOf(character);
  return ms;
}

/** Seed of an event-sending request, from its header. `index` counts from 1 for `/e` and is 0 for `/invoke`. */
export type UlidSeed = { readonly ms: number; readonly entropy: Uint8Array; readonly index: number };

/** The id of the n-th event of a seeded request: the big-endian integer in bytes 6 to 9 grows by `index` and wraps at 2^32. */
export function seededUlid(seed: UlidSeed): string {
  const bytes = Uint8Array.from(seed.entropy);
  const counter = (((bytes[6] ?? 0) << 24) | ((bytes[7] ?? 0) << 16) | ((bytes[8] ?? 0) << 8) | (bytes[9] ?? 0)) + seed.index;
  bytes[6] = counter >>> 24;
  bytes[7] = counter >>> 16;
  bytes[8] = counter >>> 8;
  bytes[9] = counter;
  return encodeUlid(seed.ms, bytes);
}
