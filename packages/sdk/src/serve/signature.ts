/**
 * Signatures of requests and responses.
 *
 * I1  The body is verified as it came, and in its canonical form if that fails: intermediaries and body parsers write JSON anew.
 * I2  The primary key is tried first, then the fallback; the one that matched signs the response.
 * I3  Texts are compared in a time that doesn't depend on where they differ.
 *
 * Source: wire-protocol 3.2, 3.4, 3.5.
 */
import { canonicalJson, formatSignature, normalizeSigningKey, parseSignature, SIGNATURE_AGE_S_MAX, signatureMessage } from "@pawl/protocol";
import { digests } from "../client/mac.ts";

export type SignatureInput = {
  /** The header's value. */
  readonly header: string | undefined;
  /** Text or parsed value; `undefined` and `""` for none. */
  readonly body: unknown;
  readonly keys: readonly (string | undefined)[];
  /** Unix milliseconds. */
  readonly now: number;
};

/** The key that signed the request; `undefined` when none did, or too long ago. */
export async function verifySignature(input: SignatureInput): Promise<string | undefined> {
  const signature = input.header === undefined ? undefined : parseSignature(input.header);
  if (signature === undefined || Math.abs(input.now / 1_000 - signature.at) > SIGNATURE_AGE_S_MAX) return undefined;
  for (const text of bodyForms(input.body)) {
    for (const key of input.keys) {
      if (key === undefined) continue;
      const mac = await digests().hmac(normalizeSigningKey(key), signatureMessage(text, signature.at));
      if (isEqual(mac, signature.mac)) return key;
    }
  }
  return undefined;
}

/** The texts that may have been signed (I1), computed one after the other. */
function* bodyForms(body: unknown): Generator<string> {
  if (body === undefined || body === "") return yield "";
  if (typeof body !== "string") return yield canonicalJson(body);
  yield body;
  const canonical = canonicalOf(body);
  if (canonical !== undefined && canonical !== body) yield canonical;
}

function canonicalOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Keeps I3. */
function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1));
  return difference === 0;
}

/** The header's value for a response: over the body exactly as it is sent. */
export async function signBody(body: string, key: string, now: number): Promise<string> {
  const at = Math.round(now / 1_000);
  return formatSignature({ at, mac: await digests().hmac(normalizeSigningKey(key), signatureMessage(body, at)) });
}
