/**
 * UTF-8 and base64, written out because this package has neither `TextDecoder` nor `atob`.
 *
 * I1  Decoding never fails: ill-formed UTF-8 becomes U+FFFD, base64 stops at the first invalid character.
 */

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const REPLACEMENT = 0xfffd;

/** Least code point that a UTF-8 sequence with this many continuation octets may encode. */
const LEAST_BY_CONTINUATION = [0, 0x80, 0x800, 0x10000];

/** UTF-8 octets of a string; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const octets: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? REPLACEMENT;
    pushUtf8(octets, code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code);
  }
  return Uint8Array.from(octets);
}

/** The string of UTF-8 octets; each ill-formed octet becomes U+FFFD. */
export function decodeUtf8(octets: Uint8Array): string {
  const chunks: string[] = [];
  for (let at = 0; at < octets.length;) {
    const { code, length } = codePointAt(octets, at);
    chunks.push(String.fromCodePoint(code));
    at += length;
  }
  return chunks.join("");
}

/** Octets of standard base64, up to the first character that is not in the alphabet. Padding is optional, line breaks are skipped. */
export function decodeBase64(text: string): Uint8Array {
  const octets: number[] = [];
  let bits = 0;
  let buffer = 0;
  for (const char of text) {
    if (char === "\n" || char === "\r") continue;
    const digit = BASE64.indexOf(char);
    if (digit < 0) break;
    buffer = ((buffer << 6) | digit) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      octets.push((buffer >> bits) & 0xff);
    }
  }
  return Uint8Array.from(octets);
}

/** Standard base64 with padding. */
export function encodeBase64(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 3) {
    const word = ((octets[at] ?? 0) << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((word >> shift) & 63)).join("");
    const used = Math.min(octets.length - at, 3) + 1;
    text += digits.slice(0, used).padEnd(4, "=");
  }
  return text;
}

function pushUtf8(octets: number[], code: number): void {
  if (code < 0x80) {
    octets.push(code);
    return;
  }
  const continuation = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  octets.push(((0xff00 >> (continuation + 1)) & 0xff) | (code >> (6 * continuation)));
  for (let shift = 6 * (continuation - 1); shift >= 0; shift -= 6) octets.push(0x80 | ((code >> shift) & 0x3f));
}

function codePointAt(octets: Uint8Array, at: number): { readonly code: number; readonly length: number } {
  const lead = octets[at] ?? 0;
  if (lead < 0x80) return { code: lead, length: 1 };
  const continuation = lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  if (continuation === 0) return { code: REPLACEMENT, length: 1 };
  let code = lead & (0x3f >> continuation);
  for (let step = 1; step <= continuation; step += 1) {
    const octet = octets[at + step] ?? 0;
    if ((octet & 0xc0) !== 0x80) return { code: REPLACEMENT, length: 1 };
    code = (code << 6) | (octet & 0x3f);
  }
  const isValid = code >= (LEAST_BY_CONTINUATION[continuation] ?? 0) && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isValid ? { code, length: continuation + 1 } : { code: REPLACEMENT, length: 1 };
}
