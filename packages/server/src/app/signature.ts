/** Signing calls to apps. Spec: wire 3.2. */
import { createHmac } from "node:crypto";
import { formatSignature, normalizeSigningKey, signatureMessage } from "@pawl/protocol";

/** Value of the signature header for a body that is sent as it is. `now` in milliseconds since the epoch. */
export function signBody(body: string, { signingKey, now }: { readonly signingKey: string; readonly now: number }): string {
  const at = Math.floor(now / 1_000);
  const mac = createHmac("sha256", normalizeSigningKey(signingKey)).update(signatureMessage(body, at)).digest("hex");
  return formatSignature({ at, mac });
}
