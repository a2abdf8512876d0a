/**
 * Signatures of calls to apps, and of their answers.
 *
 * Spec: wire 3.2, 3.4.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalJson, formatSignature, normalizeSigningKey, parseSignature, SIGNATURE_AGE_S_MAX, signatureMessage } from "@pawl/protocol";

/**
 * What is signed of a body that somebody else has written: verifiers put JSON into its canonical form first; anything else is signed as it
 * is.
 */
export function signedForm(body: string): string {
  try {
    return canonicalJson(JSON.parse(body));
  } catch {
    return body;
  }
}

/** Value of the signature header for a body in canonical form, or one that is no JSON. `now` in milliseconds since the epoch. */
export function signBody(body: string, { signingKey, now }: { readonly signingKey: string; readonly now: number }): string {
  const at = Math.floor(now / 1_000);
  return formatSignature({ at, mac: macOf(body, { signingKey, at }) });
}

export type AnswerCheck = {
  readonly header: string;
  /** One of these signed it. */
  readonly signingKeys: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** Whether an app's answer, as sent, is signed with one of the keys, and not long ago. A newline at its end is not part of it. */
export function isSignedAnswer(body: string, { header, signingKeys, now }: AnswerCheck): boolean {
  const signature = parseSignature(header);
  if (signature === undefined || Math.abs(now / 1_000 - signature.at) > SIGNATURE_AGE_S_MAX) return false;
  const mac = Buffer.from(signature.mac);
  return signingKeys
    .map((signingKey) => Buffer.from(macOf(body.replace(/\n$/, ""), { signingKey, at: signature.at })))
    .map((expected) => expected.length === mac.length && timingSafeEqual(expected, mac))
    .includes(true);
}

function macOf(body: string, { signingKey, at }: { readonly signingKey: string; readonly at: number }): string {
  return createHmac("sha256", normalizeSigningKey(signingKey)).update(signatureMessage(body, at)).digest("hex");
}
