import { afterEach, expect, test } from "vitest";
import { testServer, type TestServer } from "../test-server.fixture.ts";
import { hashedKey } from "../auth.ts";
import { isLocalHost } from "../browser-guard.ts";

const KEY = "0123456789abcdef0123456789abcdef";

let server: TestServer;
afterEach(() => server.stop());

test.each([
  ["localhost:8288", true],
  ["127.0.0.1", true],
  ["[::1]:8288", true],
  ["192.168.0.7:8288", true],
  ["pawl.localhost", true],
  ["evil.example", false],
  ["localhost.evil.example", false],
])("development, host %j: answered %j", async (host, isAnswered) => {
  server = await testServer();
  expect(isLocalHost(host)).toBe(isAnswered);
  const { status } = await server.get("/ui/v1/boot", { host, "user-agent": "Mozilla/5.0" });
  expect(status).toBe(isAnswered ? 200 : 403);
});

test.each(["", "a b", "//"])("%j is no host", async (host) => {
  server = await testServer();
  expect(isLocalHost(host)).toBe(false);
});

test.each([
  ["http://localhost:8288", 200],
  ["http://localhost:5173", 200],
  ["https://evil.example", 403],
  ["null", 403],
])("development, a page of %s gets %i", async (origin, status) => {
  server = await testServer();
  expect(await server.get("/ui/v1/boot", { origin })).toMatchObject({ status });
});

test("with keys, nothing is answered without one", async () => {
  server = await testServer({ kind: "cloud", signingKey: KEY });
  for (const url of ["/ui/v1/boot", "/ui/v1/runs", "/ui/v1/stream"])
    expect(await server.get(url)).toMatchObject({ status: 401, body: { error: { code: "unauthorized" } } });
  expect(await server.get("/ui/v1/boot", { authorization: `Bearer ${hashedKey(KEY)}` })).toMatchObject({ status: 200 });
  expect(await server.get("/ui/v1/boot", { authorization: "Bearer wrong" })).toMatchObject({ status: 401 });
});

test("with keys, other names are served, but not to pages of others", async () => {
  server = await testServer({ kind: "cloud", signingKey: KEY });
  const headers = { authorization: `Bearer ${KEY}`, host: "pawl.example" };
  expect(await server.get("/ui/v1/boot", headers)).toMatchObject({ status: 200 });
  expect(await server.get("/ui/v1/boot", { ...headers, origin: "https://pawl.example" })).toMatchObject({ status: 200 });
  expect(await server.get("/ui/v1/boot", { ...headers, origin: "http://localhost:5173" })).toMatchObject({ status: 403 });
});

test("a login opens a session of twelve hours", async () => {
  server = await testServer({ kind: "cloud", signingKey: KEY });
  expect(await server.post("/ui/v1/login", { key: "wrong" })).toMatchObject({ status: 401 });
  const { status, headers } = await server.post("/ui/v1/login", { key: KEY });
  expect(status).toBe(200);
  const cookie = String(headers["set-cookie"]);
  expect(cookie).toMatch(/^pawl_session=\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  const session = { cookie: `theme=dark; ${cookie.split(";")[0]}` };
  expect(await server.get("/ui/v1/boot", session)).toMatchObject({ status: 200 });
  const forged = { cookie: session.cookie.replace(/=\d/, "=9") };
  expect(await server.get("/ui/v1/boot", forged)).toMatchObject({ status: 401 });
  await server.clock.advance(12 * 3_600_000);
  expect(await server.get("/ui/v1/boot", session)).toMatchObject({ status: 401 });
});

test("a logout makes the browser forget, and over TLS cookies are for TLS only", async () => {
  server = await testServer({ kind: "cloud", signingKey: KEY });
  const { headers } = await server.post("/ui/v1/logout", {}, { "x-forwarded-proto": "https" });
  expect(headers["set-cookie"]).toBe("pawl_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
});

test("while signing keys are rotated, the old and the new one are accepted, sessions of both too; others are not", async () => {
  const OLD = "fedcba9876543210fedcba9876543210";
  server = await testServer({ kind: "cloud", signingKey: OLD });
  const { headers } = await server.post("/ui/v1/login", { key: OLD });
  const session = { cookie: String(headers["set-cookie"]).split(";")[0] ?? "" };
  await server.stop();
  server = await testServer({ kind: "cloud", signingKey: KEY, signingKeyFallback: OLD });
  expect(await server.get("/ui/v1/boot", session)).toMatchObject({ status: 200 });
  for (const key of [KEY, OLD, hashedKey(KEY), hashedKey(OLD), `signkey-prod-${hashedKey(OLD)}`]) {
    expect(await server.get("/v1/events", { authorization: `Bearer ${key}` })).toMatchObject({ status: 200 });
    expect(await server.post("/ui/v1/login", { key })).toMatchObject({ status: 200 });
  }
  expect(await server.get("/v1/events", { authorization: `Bearer ${hashedKey("00")}` })).toMatchObject({ status: 401 });
  await server.stop();
  server = await testServer({ kind: "cloud", signingKey: KEY });
  expect(await server.get("/ui/v1/boot", session)).toMatchObject({ status: 401 });
  expect(await server.get("/v1/events", { authorization: `Bearer ${OLD}` })).toMatchObject({ status: 401 });
});

test("keys are told to holders of the signing key; an API key sees only which there are", async () => {
  server = await testServer({ kind: "cloud", signingKey: KEY, eventKeys: ["an-event-key-of-ours"] });
  const authorization = `Bearer ${KEY}`;
  const { body } = await server.post("/ui/v1/keys", { name: "reader", scopes: ["read", "write"] }, { authorization });
  const apiKey = { authorization: `Bearer ${(body as { readonly secret: string }).secret}` };
  for (const [path, key, shown] of [
    ["/v2/keys/signing", KEY, "…cdef"],
    ["/v2/keys/events", "an-event-key-of-ours", "…ours"],
  ]) {
    expect(await server.get(path ?? "", { authorization })).toMatchObject({ status: 200, body: { data: [{ key }] } });
    expect(await server.get(path ?? "", apiKey)).toMatchObject({ status: 200, body: { data: [{ key: shown }] } });
  }
});
