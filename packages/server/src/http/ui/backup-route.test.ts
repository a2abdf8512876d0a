import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "@pawl/store";
import { openMemoryStore } from "@pawl/store-memory";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Json, testServer, type TestServer, type TestServerOptions } from "../test-server.fixture.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const BEARER = { authorization: `Bearer ${KEY}` };

let server: TestServer;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-route-"));
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A server whose store copies a text. */
async function started(options: TestServerOptions = {}, backup: (path: string) => Promise<string> = copy): Promise<string> {
  const path = join(folder, "pawl.db.backup");
  server = await testServer({ ...options, engine: { store: { ...openMemoryStore(), backup: () => backup(path) } } });
  return path;
}

async function copy(path: string): Promise<string> {
  writeFileSync(path, "all of it");
  return path;
}

test("the copy is sent as a file and deleted", async () => {
  const path = await started();
  const { status, body, headers } = await server.post("/ui/v1/backup");
  expect([status, body]).toEqual([200, "all of it"]);
  expect(headers).toMatchObject({
    "content-type": "application/vnd.sqlite3",
    "content-length": "9",
    "content-disposition": expect.stringMatching(/^attachment; filename="pawl-[0-9TZ-]+\.db"$/),
    "cache-control": "no-store",
  });
  expect((await server.post("/ui/v1/backup")).status).toBe(200);
  expect(existsSync(path)).toBe(false);
});

test("it takes the signing key: no key and API keys are refused", async () => {
  await started({ kind: "cloud", signingKey: KEY });
  const { body } = await server.post("/ui/v1/keys", { name: "all", scopes: ["events", "read", "write"] }, BEARER);
  const withKey = { authorization: `Bearer ${(body as Json).secret}` };
  expect((await server.post("/ui/v1/backup")).status).toBe(401);
  const refused = await server.post("/ui/v1/backup", {}, withKey);
  expect([refused.status, refused.body.error.code]).toEqual([403, "signing-key-needed"]);
  expect((await server.post("/ui/v1/backup", {}, BEARER)).status).toBe(200);
});

test("there is one at a time", async () => {
  const gate = Promise.withResolvers<void>();
  await started({}, async (path) => {
    await gate.promise;
    return copy(path);
  });
  const first = server.post("/ui/v1/backup");
  const second = await server.post("/ui/v1/backup");
  expect([second.status, second.body.error.code]).toEqual([409, "backup-under-way"]);
  gate.resolve();
  expect((await first).status).toBe(200);
});

test("a copy that fails is no answer for ever", async () => {
  let failure: StoreError | undefined = new StoreError("STORE_FAILED", "The disk is full.");
  const path = await started({}, async (target) => {
    if (failure !== undefined) throw failure;
    return copy(target);
  });
  expect((await server.post("/ui/v1/backup")).status).toBe(500);
  failure = new StoreError("STORE_LOCKED", "Somebody else makes one.");
  expect((await server.post("/ui/v1/backup")).status).toBe(409);
  failure = undefined;
  expect((await server.post("/ui/v1/backup")).body).toBe("all of it");
  expect(() => readFileSync(path)).toThrow(/ENOENT/);
});

test("a server in memory has nothing to copy", async () => {
  server = await testServer();
  const { status, body } = await server.post("/ui/v1/backup");
  expect([status, body.error.code]).toEqual([409, "backup-impossible"]);
});
