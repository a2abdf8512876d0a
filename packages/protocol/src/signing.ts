/**
 * Signatures of requests and responses, without the MAC itself: HMAC-SHA256 is Web Crypto's in the SDK and `node:crypto`'s in the server.
 *
 * I1  The MAC's key is the text of the normalised key, not its decoded hex.
 * I2  The message of a request is its canonical JSON followed by the decimal seconds; an empty body contributes nothing.
 *
 * Source: wire-protocol sections 3.1 to 3.4.
 */

/** A signature further than this from now, in either direction, is refused. In seconds; the protocol's value. */
export const SIGNATURE_AGE_S_MAX = 300;

const KEY_PREFIX = /^signkey-\w+-/;

/** Removes the prefix `signkey-<env>-`, if there is one. */
export function normalizeSigningKey(key: string): string {
  return key.replace(KEY_PREFIX, "");
}

/** The prefix `signkey-<env>-` of a key, or the empty string. The hashed key keeps it. */
export function signingKeyPrefix(key: string): string {
  return KEY_PREFIX.exec(key)?.[0] ?? "";
}

/** The text that is signed. `body` is canonical JSON for requests and the text as sent for responses. */
export function signatureMessage(body: string, unixSeconds: number): string {
  return body + String(unixSeconds);
}

/** `at`: Unix seconds. `mac`: 64 hex digits in lower case. */
export type Signature = { readonly at: number; readonly mac: string };

/** The header's value, `t=<at>&s=<mac>`. */
export function formatSignature(signature: Signature): string {
  return `t=${signature.at}&s=${signature.mac}`;
}

/** Reads a header's value. `undefined` when a part is missing or `t` isn't a whole number. */
export function parseSignature(header: string): Signature | undefined {
  let at: string | undefined;
  let mac: string | undefined;
  for (const part of header.trim().split("&")) {
    if (part.startsWith("t=")) at = part.slice(2);
    else if (part.startsWith("s=")) mac = part.slice(2);
  }
  if (at === undefined || mac === undefined || mac === "" || !/^\d{1,15}$/.test(at)) return undefined;
  return { at: Number(at), mac };
}
