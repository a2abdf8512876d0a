import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { signJwt, verifyJwt } from "./jwt.ts";

const secret = Buffer.alloc(32, 1);
const key = { secret, issuer: "rt" };
const expiresAt = 100_000;
const token = signJwt({ a: 1 }, { ...key, expiresAt });

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = (header: unknown, payload: unknown): string => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};

test("a token is read until it expires", () => {
  expect(verifyJwt(token, { ...key, now: expiresAt - 1 })).toEqual({ iss: "rt", exp: 100, a: 1 });
  expect(verifyJwt(token, { ...key, now: expiresAt })).toBeUndefined();
});

test("others' tokens are not", () => {
  const now = 0;
  expect(verifyJwt(token, { ...key, issuer: "other", now })).toBeUndefined();
  expect(verifyJwt(token, { ...key, secret: Buffer.alloc(32, 2), now })).toBeUndefined();
  const [header = "", payload = "", mac = ""] = token.split(".");
  const bad = [
    `${header}.${part({ iss: "rt", exp: 200 })}.${mac}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${token}.x`,
    "",
    "x".repeat(20_000),
  ];
  for (const text of bad) expect(verifyJwt(text, { ...key, now })).toBeUndefined();
});

test("other algorithms are not accepted, not even with a good signature", () => {
  const payload = { iss: "rt", exp: 100 };
  expect(verifyJwt(signed({ alg: "HS256", typ: "JWT" }, payload), { ...key, now: 0 })).toBeDefined();
  for (const alg of ["none", "HS512", "RS256"]) expect(verifyJwt(signed({ alg, typ: "JWT" }, payload), { ...key, now: 0 })).toBeUndefined();
  expect(verifyJwt(`${part({ alg: "none" })}.${part(payload)}.`, { ...key, now: 0 })).toBeUndefined();
});

test("a token without an end is not accepted", () => {
  expect(verifyJwt(signed({ alg: "HS256", typ: "JWT" }, { iss: "rt" }), { ...key, now: 0 })).toBeUndefined();
});
