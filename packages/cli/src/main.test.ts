/** The program as a process: exit codes, what it says where, and how it ends. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const SIGNING_KEY = "00112233445566778899aabbccddeeff";

// Each test starts a program or several.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-cli-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Program = {
  readonly child: ChildProcess;
  /** Resolves with the server's URL; rejects when the program ends before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
};

/** Temporary data goes into the test's folder; nothing of the caller's settings arrives. */
function pawl(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = fork(MAIN, args, {
    cwd: folder,
    execArgv: ["--conditions=pawl-source", "--disable-warning=ExperimentalWarning"],
    env: { PATH: process.env["PATH"], TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => (out += String(chunk)));
  child.stderr?.on("data", (chunk) => (err += String(chunk)));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, out, err }));
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { url: string }).url));
    child.once("close", () => reject(new Error(`ended before it was ready: ${err}${out}`)));
  });
  // Only some tests wait for it.
  ready.catch(() => {});
  return { child, ready, ended };
}

const DEV = ["dev", "--port", "0", "--no-discovery", "--no-poll"] as const;
const START = ["start", "--host", "127.0.0.1", "--port", "0"] as const;
const KEYS = ["--event-key", "s3cret-event-key", "--signing-key", SIGNING_KEY] as const;

test.each([
  [["--help"], 0],
  [["dev", "--help"], 0],
  [["version"], 0],
  [["dve"], 2],
  [["dev", "--prot", "1"], 2],
  [["dev", "--log-level", "loud"], 2],
  [["backup", "--help"], 0],
  [["backup"], 2],
  [["backup", "x.db", "y.db"], 2],
  [["backup", "x.db", "--base-url", "nowhere"], 2],
  [["backup", "x.db", "--base-url", "http://127.0.0.1:1"], 2],
  [["start"], 2],
  [["start", "--event-key", "k", "--signing-key", "xyz"], 2],
  [["start", "--signing-key", SIGNING_KEY], 2],
  [["start", ...KEYS, "--postgres-uri", "postgres://u:p@h/d"], 2],
  [["start", ...KEYS, "--trusted-proxies", "10.0.0.0/8,proxy.example"], 2],
])("%j ends with code %d; mistakes are told on the error output only", async (args, code) => {
  const result = await pawl(args).ended;
  expect(result.code).toBe(code);
  expect(code === 0 ? result.err : result.out).toBe("");
  expect((code === 0 ? result.out : result.err).trim()).not.toBe("");
});

test("a mistake is one JSON object with --json", async () => {
  const { err } = await pawl(["dev", "--json", "--prot", "1"]).ended;
  expect(JSON.parse(err)).toEqual({ error: { code: "usage", message: "pawl dev has no flag --prot.", hint: "Did you mean --port?" } });
});

test("dev without a path keeps its data until a signal ends it, and leaves nothing", async () => {
  const { child, ready, ended } = pawl(DEV);
  expect((await fetch(`${await ready}/health`)).status).toBe(200);
  expect(readdirSync(folder).filter((name) => name.startsWith("pawl-dev-"))).toHaveLength(1);
  child.kill("SIGINT");
  const { code, out } = await ended;
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: string }).message),
  ).toEqual(["ready", "Stopping."]);
  expect(readdirSync(folder)).toEqual([]);
});

test("dev --persist keeps data in .pawl, and a second server on it is refused, also with --fresh", async () => {
  const first = pawl([...DEV, "--persist"]);
  await first.ready;
  const second = await pawl([...DEV, "--persist", "--fresh"]).ended;
  expect(second).toMatchObject({ code: 2, err: expect.stringContaining("used by another server") });
  expect(await pawl([...DEV, "--persist"]).ended).toMatchObject({ code: 2, err: expect.stringContaining("open in another process") });
  first.child.kill("SIGTERM");
  expect((await first.ended).code).toBe(0);
  expect(existsSync(join(folder, ".pawl/dev.db"))).toBe(true);
});

test("a server whose starter is gone ends", async () => {
  const { child, ready } = pawl(DEV);
  await ready;
  // Node emits no "close" for a child that was disconnected from.
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.disconnect();
  expect(await ended).toBe(0);
});

test("a port that is asked for and taken is an error, in dev too", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const port = String((holder.address() as AddressInfo).port);
  expect(await pawl(["dev", "--port", port]).ended).toMatchObject({
    code: 2,
    err: expect.stringContaining(`Port ${port} of 127.0.0.1 is in use.`),
  });
  await new Promise((resolve) => holder.close(resolve));
});

test("dev takes the next free port where the usual one is taken, and says so", async () => {
  const holder = createServer();
  // Held by this test or by another program: both will do.
  await new Promise<void>((resolve) => holder.once("error", () => resolve()).listen(8288, "127.0.0.1", resolve));
  const { child, ready, ended } = pawl(["dev", "--no-discovery", "--no-poll"]);
  const { port } = new URL(await ready);
  expect(Number(port)).toBeGreaterThan(8288);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining(`port 8288 is in use, so this is ${port}`) });
  holder.close();
});

test("lines for people where they are asked for, in colour where that is asked for", async () => {
  const env = { PAWL_JSON: "false", FORCE_COLOR: "1" };
  const { child, ready, ended } = pawl(DEV, env);
  const url = await ready;
  await fetch(`${url}/e/any`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"nobody/asked","data":{}}',
  });
  child.kill("SIGINT");
  const { out } = await ended;
  expect(out).toContain("\u001b[1m");
  expect(out).toContain(`PAWL_DEV=${url}`);
});

test("start keeps its data in .pawl, asks for keys and prints none", async () => {
  const { child, ready, ended } = pawl([...START, ...KEYS, "--log-level", "debug"]);
  const url = await ready;
  const send = (key: string): Promise<Response> =>
    fetch(`${url}/e/${key}`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"a/b","data":{}}' });
  expect((await send("another")).status).toBe(401);
  expect((await send("s3cret-event-key")).status).toBe(200);
  child.kill("SIGTERM");
  const { code, out, err } = await ended;
  expect(code).toBe(0);
  expect(out + err).not.toMatch(new RegExp(`s3cret|${SIGNING_KEY}`));
  expect(existsSync(join(folder, ".pawl/pawl.db"))).toBe(true);
});

test("backup copies the data of a server that goes on, and a server started with the copy has it", async () => {
  const { child, ready, ended } = pawl([...START, ...KEYS]);
  const url = await ready;
  const key = { authorization: `Bearer ${SIGNING_KEY}` };
  const send = (base: string, name: string): Promise<Response> =>
    fetch(`${base}/e/s3cret-event-key`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, data: {} }),
    });
  const names = async (base: string): Promise<readonly string[]> =>
    ((await (await fetch(`${base}/v1/events`, { headers: key })).json()) as { data: { name: string }[] }).data.map(({ name }) => name);
  await send(url, "a/before");
  const ask = (file: string, env: NodeJS.ProcessEnv) => pawl(["backup", file, "--base-url", url], env).ended;
  expect(await ask("copy/pawl.db", {})).toMatchObject({ code: 2, err: expect.stringContaining("no folder") });
  expect(await ask("refused.db", { PAWL_SIGNING_KEY: "00ff" })).toMatchObject({ code: 2, err: expect.stringContaining("signing key") });
  mkdirSync(join(folder, "copy"));
  expect(await ask("copy/pawl.db", { PAWL_SIGNING_KEY: SIGNING_KEY })).toMatchObject({
    code: 0,
    err: "",
    out: expect.stringContaining("MiB"),
  });
  expect(await ask("copy/pawl.db", { PAWL_SIGNING_KEY: SIGNING_KEY })).toMatchObject({ code: 2, err: expect.stringContaining("exists") });
  await send(url, "a/later");
  expect(await names(url)).toEqual(["a/later", "a/before"]);
  child.kill("SIGTERM");
  await ended;
  expect(readdirSync(folder).filter((name) => name.includes("refused") || name.endsWith(".part"))).toEqual([]);
  expect(readdirSync(join(folder, ".pawl")).filter((name) => name.includes("backup"))).toEqual([]);

  const restored = pawl([...START, ...KEYS, "--sqlite-dir", "copy"]);
  expect(await names(await restored.ready)).toEqual(["a/before"]);
  restored.child.kill("SIGTERM");
  await restored.ended;
});
