/**
 * Tokens that let their holder read the output of one run.
 *
 * I1  They are signed with a secret that this server has generated.
 *
 * Spec: wire 3.7.
 */
import { signJwt, verifyJwt } from "../jwt.ts";
import { ENVIRONMENT_ID } from "../rest/identity.ts";

const ISSUER = "api.inngest.com";
const SUBJECT = "run-claim";
const LIFETIME_MS = 3_600_000;

/** Name of the secret. */
export const RUN_CLAIM_SECRET = "run-claim";

export type ClaimKey = { readonly secret: Uint8Array; readonly now: number };

/** A token for a run, valid for an hour. */
export function claimToken(runId: string, { secret, now }: ClaimKey): string {
  return signJwt({ sub: SUBJECT, Env: ENVIRONMENT_ID, RunID: runId }, { secret, issuer: ISSUER, expiresAt: now + LIFETIME_MS });
}

/** The run that a token is for; undefined where it is not ours or too old. */
export function claimedRun(token: string, { secret, now }: ClaimKey): string | undefined {
  const claims = verifyJwt(token, { secret, issuer: ISSUER, now });
  return claims?.["sub"] === SUBJECT && typeof claims["RunID"] === "string" ? claims["RunID"] : undefined;
}
