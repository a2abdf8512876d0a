/**
 * Tokens that open subscriptions.
 *
 * I1  They are signed with a secret that this server has generated.
 *
 * Spec: wire 3.7, 10.2.
 */
import { REALTIME_TOKEN_MS } from "@pawl/protocol";
import { ACCOUNT_ID, ENVIRONMENT_ID } from "../http/rest/identity.ts";
import { type JwtKey, signJwt, verifyJwt } from "../http/jwt.ts";
import { readTopics, type Topic } from "./topic.ts";

export type Grant = {
  readonly topics: readonly Topic[];
  /** Whether its holder may publish to these topics. */
  readonly canPublish: boolean;
};

export type TokenOptions = {
  /** ULID, so that a token can be named. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Time in which a connection can be opened, in milliseconds. Default: a minute. */
  readonly lifetimeMs?: number;
};

const ISSUER = "rt.inngest.com";

/** Name of the secret. */
export const REALTIME_SECRET = "realtime";

/** A token for a grant. */
export function grantToken(
  grant: Grant,
  { secret, id, now, lifetimeMs = REALTIME_TOKEN_MS }: TokenOptions & Pick<JwtKey, "secret">,
): string {
  const claims = {
    sub: ACCOUNT_ID,
    jti: id,
    env: ENVIRONMENT_ID,
    topics: grant.topics.map(({ channel, name }) => ({ kind: "run", env_id: ENVIRONMENT_ID, channel, name })),
    publish: grant.canPublish,
  };
  return signJwt(claims, { secret, issuer: ISSUER, expiresAt: now + lifetimeMs });
}

/** What a token grants; undefined where it is not ours or too old. */
export function readToken(token: string, { secret, now }: Pick<JwtKey, "secret"> & { readonly now: number }): Grant | undefined {
  const claims = verifyJwt(token, { secret, now, issuer: ISSUER });
  const topics = readTopics(claims?.["topics"]);
  return claims === undefined || topics === undefined ? undefined : { topics, canPublish: claims["publish"] === true };
}
