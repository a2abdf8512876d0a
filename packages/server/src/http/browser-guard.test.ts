import { afterEach, expect, test } from "vitest";
import { isTrustedOrigin } from "./browser-guard.ts";
import { testServer, type TestServer } from "./test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

const EVENT = { name: "shop/imported", data: {} };

test.each([
  ["http://localhost:3000", 200],
  ["http://127.0.0.1:5173", 200],
  ["https://shop.test", 200],
  ["https://evil.example", 403],
  ["http://localhost.evil.example", 403],
  ["null", 403],
])("development: a page of %s gets %i", async (origin, status) => {
  server = await testServer();
  expect((await server.post("/e/key", EVENT, { origin })).status).toBe(status);
  expect((await server.get("/v0/gql", { origin })).status === 403).toBe(status === 403);
});

test("development: a name that leads here by its address is refused to browsers, and said why", async () => {
  server = await testServer();
  const headers = { host: "evil.example", "user-agent": "Mozilla/5.0" };
  expect(await server.get("/dev", headers)).toMatchObject({ status: 403, body: { code: "host_refused" } });
  expect(await server.post("/e/key", EVENT, headers)).toMatchObject({ status: 403 });
});

test("development: programs are let in whatever they call the server", async () => {
  server = await testServer();
  expect(await server.post("/e/key", EVENT, { host: "pawl:8288", "user-agent": "inngest-py:0.5" })).toMatchObject({ status: 200 });
});

test("production: the key decides, not the page", async () => {
  server = await testServer({ kind: "cloud", eventKeys: ["k"], signingKey: "ab" });
  expect(await server.post("/e/k", EVENT, { origin: "https://shop.example" })).toMatchObject({ status: 200 });
  expect(await server.post("/e/wrong", EVENT, { origin: "https://shop.example" })).toMatchObject({ status: 401 });
});

test("a page of the server's own name is trusted", async () => {
  server = await testServer();
  expect(isTrustedOrigin("http://10.0.0.3:8288", "10.0.0.3:8288")).toBe(true);
  expect(isTrustedOrigin("http://10.0.0.4:8288", "10.0.0.3:8288")).toBe(false);
});
