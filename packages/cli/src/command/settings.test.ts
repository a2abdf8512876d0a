import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CliError } from "../cli-error.ts";
import type { Command } from "./flags.ts";
import { readSettings, type Settings } from "./settings.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "pawl-settings-"));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

type Given = { readonly command?: Command; readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly file?: unknown };

function read({ command = "dev", args = [], env = {}, file }: Given): Settings {
  if (file !== undefined) writeFileSync(join(cwd, "pawl.json"), JSON.stringify(file));
  const settings = readSettings({ command, args, env, cwd });
  if (settings === "help") throw new Error("unexpected help");
  return settings;
}

function failure(given: Given): CliError {
  try {
    read(given);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a flag wins over PAWL_*, that over INNGEST_*, that over the file", () => {
  const args = ["--port", "1"];
  const env = { PAWL_PORT: "2", INNGEST_PORT: "3" };
  const file = { port: 4 };
  expect(read({ args, env, file }).integer("port")).toBe(1);
  expect(read({ env, file }).integer("port")).toBe(2);
  expect(read({ env: { INNGEST_PORT: "3" }, file }).integer("port")).toBe(3);
  expect(read({ file }).integer("port")).toBe(4);
});

test("an empty variable counts as not set", () => {
  expect(read({ env: { PAWL_PORT: "", INNGEST_PORT: "3" } }).integer("port")).toBe(3);
});

test("the file is looked for upwards; pawl.json comes before inngest.json", () => {
  const inner = join(cwd, "a/b");
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(cwd, "inngest.json"), JSON.stringify({ port: 5 }));
  const port = (): number | undefined => (readSettings({ command: "dev", args: [], env: {}, cwd: inner }) as Settings).integer("port");
  expect(port()).toBe(5);
  writeFileSync(join(cwd, "pawl.json"), JSON.stringify({ port: 6 }));
  expect(port()).toBe(6);
});

test.each(["pawl.yaml", "pawl.yml", "inngest.yaml", "inngest.yml"])("%s is YAML", (name) => {
  writeFileSync(join(cwd, name), "port: 8\nsdk-url:\n  - http://127.0.0.1:3000/api/inngest\nno-poll: true # once\n");
  const settings = read({});
  expect([settings.integer("port"), settings.texts("sdk-url"), settings.isOn("no-poll")]).toEqual([
    8,
    ["http://127.0.0.1:3000/api/inngest"],
    true,
  ]);
  writeFileSync(join(cwd, name), "# nothing\n");
  expect(read({}).integer("port")).toBeUndefined();
  writeFileSync(join(cwd, name), "- port\n");
  expect(failure({}).message).toContain("can't be read");
});

test("--config names the file, relative to the working directory", () => {
  writeFileSync(join(cwd, "other.json"), JSON.stringify({ port: 7 }));
  expect(read({ args: ["--config", "other.json"], file: { port: 4 } }).integer("port")).toBe(7);
  expect(read({ env: { INNGEST_CONFIG: "other.json" } }).integer("port")).toBe(7);
  expect(failure({ args: ["--config", "none.json"] }).message).toContain("does not exist");
});

test("a file that is no JSON object is refused", () => {
  expect(failure({ file: [1] }).message).toContain("can't be read");
});

test("lists come repeated, separated by commas, or as an array", () => {
  expect(read({ args: ["-u", "http://a", "--sdk-url", "http://b"] }).texts("sdk-url")).toEqual(["http://a", "http://b"]);
  expect(read({ env: { INNGEST_SDK_URL: "http://a, http://b" } }).texts("sdk-url")).toEqual(["http://a", "http://b"]);
  expect(read({ file: { "sdk-url": ["http://a"] } }).texts("sdk-url")).toEqual(["http://a"]);
});

test("an unknown flag is refused with the nearest one", () => {
  expect(failure({ args: ["--no-discover"] })).toMatchObject({
    message: "pawl dev has no flag --no-discover.",
    hint: "Did you mean --no-discovery?",
  });
  expect(failure({ args: ["--zzzzzzzz"] }).hint).toBe("Run pawl dev --help for its flags.");
});

test("an unknown key of the file is refused with the nearest one; a key of the other command is not", () => {
  expect(failure({ file: { prot: 1 } }).hint).toBe('Did you mean "port"?');
  expect(read({ file: { $schema: "x", "no-ui": true, port: 4 } }).integer("port")).toBe(4);
});

test.each([
  [["--port", "x"], '--port must be a whole number from 0, got "x".'],
  [["--port"], "--port must be a whole number from 0, got nothing."],
  [["--queue-workers", "0"], '--queue-workers must be a whole number from 1, got "0".'],
  [["--db", "--fresh"], "--db must be a text, got nothing."],
  [["--json=maybe"], '--json must be true or false, got "maybe".'],
  [["app"], 'pawl dev takes no argument, got "app".'],
])("%j is refused", (args, message) => {
  expect(failure({ args }).message).toBe(message);
});

test("a value that begins with a dash can be given with =", () => {
  expect(read({ args: ["--db=-odd"] }).text("db")).toBe("-odd");
});

test("a switch can be turned off where a variable turned it on", () => {
  const settings = read({ args: ["--json=false"], env: { PAWL_JSON: "true" } });
  expect([settings.isOn("json"), settings.isOff("json")]).toEqual([false, true]);
});

test("flags for other servers are accepted, with one warning each", () => {
  const settings = read({
    command: "start",
    args: ["--tick", "150", "--redis-uri", "redis://:secret@h", "--connect-gateway-grpc-port", "50052"],
  });
  expect(settings.warnings).toEqual([
    "redis-uri has no effect: queue, state and history are in one SQLite database",
    "tick has no effect: nothing polls",
    "connect-gateway-grpc-port has no effect: gateway and executor are one process",
  ]);
});

test("property: a secret is in no message, whatever was wrong", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^s3cret[a-z0-9]{8}$/), (secret) => {
      const { message, hint } = failure({ command: "start", file: { "event-key": { key: secret }, "signing-key": [secret] } });
      expect(message + hint).not.toContain(secret);
    }),
  );
});
