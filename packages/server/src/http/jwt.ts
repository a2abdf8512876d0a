/**
 * JSON Web Tokens with HS256: the ones that this server signs and later verifies, and no others.
 *
 * I1  A token is accepted only with the header that `signJwt` writes, so no other algorithm can be slipped in.
 * I2  Signatures are compared in constant time, before anything else of the token is read.
 *
 * Spec: wire 3.7; RFC 7515, 7519.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { isRecord } from "../json.ts";

/** Claims beside `iss` and `exp`. */
export type Claims = Readonly<Record<string, unknown>>;

export type JwtKey = {
  readonly secret: Uint8Array;
  /** Claim `iss`: tells tokens of one kind from those of another. */
  readonly issuer: string;
};

/** Longer ones are not looked at. They would not fit into a URL either. */
const TOKEN_CHARS_MAX = 16_384;

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");

/** A token. `expiresAt` in milliseconds since the epoch, cut to seconds. */
export function signJwt(claims: Claims, { secret, issuer, expiresAt }: JwtKey & { readonly expiresAt: number }): string {
  const payload = { iss: issuer, exp: Math.floor(expiresAt / 1_000), ...claims };
  const text = `${HEADER}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}`;
  return `${text}.${macOf(text, secret).toString("base64url")}`;
}

/** The claims of a token, `undefined` where it is not one of ours or has expired. `now` in milliseconds since the epoch. */
export function verifyJwt(token: string, { secret, issuer, now }: JwtKey & { readonly now: number }): Claims | undefined {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  const [header, payload, signature, ...rest] = token.split(".");
  if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  const mac = macOf(`${header}.${payload}`, secret);
  const given = Buffer.from(signature, "base64url");
  if (given.byteLength !== mac.byteLength || !timingSafeEqual(given, mac)) return undefined;
  const claims = parse(payload);
  if (!isRecord(claims) || claims["iss"] !== issuer) return undefined;
  return typeof claims["exp"] === "number" && now < claims["exp"] * 1_000 ? claims : undefined;
}

function macOf(text: string, secret: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, "base64url").toString());
  } catch {
    return undefined;
  }
}
