/**
 * Session tokens: they open one connection each, shortly after the worker has shown its key.
 *
 * I1  They are signed with a secret that this server has generated; none is part of the program.
 *
 * Spec: wire 3.7, 9.1.
 */
import { CONNECT_APPS_MAX, CONNECT_TOKEN_MS } from "@pawl/protocol";
import { type JwtKey, signJwt, verifyJwt } from "../http/jwt.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID } from "../http/rest/identity.ts";

const ISSUER = "connect.inngest.com";
const AUDIENCE = "gateway.connect.inngest.com";

/** Name of the secret. */
export const CONNECT_SECRET = "connect";

type Key = Pick<JwtKey, "secret"> & { readonly now: number };

/** A token for a connection. `now` in milliseconds since the epoch. */
export function sessionToken(connectionId: string, { secret, now }: Key): string {
  const claims = {
    sub: ACCOUNT_ID,
    aud: AUDIENCE,
    jti: connectionId,
    env: ENVIRONMENT_ID,
    entitlements: { appsPerConnection: CONNECT_APPS_MAX },
  };
  return signJwt(claims, { secret, issuer: ISSUER, expiresAt: now + CONNECT_TOKEN_MS });
}

/** Whether a token opens this connection now. */
export function opensSession(token: string, { connectionId, secret, now }: Key & { readonly connectionId: string }): boolean {
  const claims = verifyJwt(token, { secret, issuer: ISSUER, now });
  return claims !== undefined && claims["aud"] === AUDIENCE && claims["jti"] === connectionId;
}
