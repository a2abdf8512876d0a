import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { testServer, type TestServer } from "../test-server.fixture.ts";

let folder: string;
let server: TestServer;

beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), "pawl-dashboard-"));
  folder = join(root, "dist");
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<title>Pawl</title>");
  writeFileSync(join(folder, "assets", "index-abc123.js"), "export {};");
  writeFileSync(join(root, "secret.txt"), "no");
});
afterAll(() => rmSync(join(folder, ".."), { recursive: true }));
beforeEach(async () => {
  server = await testServer({ dashboardDir: folder });
});
afterEach(() => server.stop());

const page = { accept: "text/html,*/*" };

test.each(["/", "/runs", "/runs/01K6ZZZZZZ0000000000000000", "/functions/a.b"])("%s is the page, asked for every time", async (url) => {
  const { status, body, headers } = await server.get(url, page);
  expect([status, body]).toEqual([200, "<title>Pawl</title>"]);
  expect(headers).toMatchObject({ "cache-control": "no-cache", "x-frame-options": "DENY" });
  expect(headers["content-security-policy"]).toContain("default-src 'self'");
});

test("files with a hash are kept by browsers", async () => {
  const { status, headers } = await server.get("/assets/index-abc123.js");
  expect(status).toBe(200);
  expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(headers["content-type"]).toContain("javascript");
});

test.each(["/assets/gone-abc123.js", "/nothing.svg", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])(
  "%s is not there",
  async (url) => {
    const { status, headers } = await server.get(url);
    expect([403, 404]).toContain(status);
    expect(headers["cache-control"] ?? "no-cache").toBe("no-cache");
  },
);

test("a file that a browser has is not sent again", async () => {
  const { headers } = await server.get("/", page);
  const { status, body } = await server.get("/", { ...page, "if-none-match": String(headers["etag"]) });
  expect([status, body]).toEqual([304, ""]);
});

test("the APIs are not hidden", async () => {
  expect(await server.get("/health", page)).toMatchObject({ status: 200, body: { status: 200 } });
  expect(await server.get("/ui/v1/boot", page)).toMatchObject({ status: 200, body: { version: "1.2.3" } });
  expect(await server.post("/nothing")).toMatchObject({ status: 404 });
});

test("without a build there is no dashboard", async () => {
  const bare = await testServer({ dashboardDir: join(folder, "nowhere") });
  expect(await bare.get("/", page)).toMatchObject({ status: 404 });
  await bare.stop();
});
