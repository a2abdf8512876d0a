import { expect, test } from "vitest";
import { testServer, START } from "../test-server.fixture.ts";

const SIGNING_KEY = "signkey-prod-0123456789abcdef0123456789abcdef";
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test("without a signing key, in development, nothing asks for keys", async () => {
  const server = await testServer();
  expect((await server.get("/ui/v1/access")).body).toEqual({
    isKeyNeeded: false,
    isEventKeyNeeded: false,
    signingKeys: [],
    eventKeys: [],
  });
  await server.stop();
});

test("of the server's own keys only as much is told as tells them apart", async () => {
  const signingKeyFallback = "fedcba9876543210fedcba9876543210";
  const server = await testServer({
    kind: "cloud",
    signingKey: SIGNING_KEY,
    signingKeyFallback,
    eventKeys: ["an-event-key-of-ours", "short"],
  });
  expect((await server.get("/ui/v1/access")).status).toBe(401);
  expect((await server.get("/ui/v1/access", bearer(SIGNING_KEY))).body).toEqual({
    isKeyNeeded: true,
    isEventKeyNeeded: true,
    signingKeys: ["signkey-prod-…cdef", "…3210"],
    eventKeys: ["…ours", "…"],
  });
  await server.stop();
});

test("a key says when it last opened something; what it may not do does not count", async () => {
  const server = await testServer({ kind: "cloud", signingKey: SIGNING_KEY });
  const { key, secret } = (await server.post("/ui/v1/keys", { name: "grafana", scopes: ["read"] }, bearer(SIGNING_KEY))).body;
  const listed = async () => (await server.get("/ui/v1/keys", bearer(SIGNING_KEY))).body.items;
  await server.post("/ui/v1/events", {}, bearer(secret));
  expect(await listed()).toEqual([key]);
  await server.clock.advance(1_000);
  await server.get("/ui/v1/runs", bearer(secret));
  expect(await listed()).toEqual([{ ...key, lastUsedAt: START + 1_000 }]);
  await server.stop();
});
