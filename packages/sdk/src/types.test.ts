import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** The compiler checks `*.test-d.ts` and the tests themselves. It is native and takes about a second. */
test("types are what they should be", { timeout: 60_000 }, () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.check.json"), "--pretty", "false"], {
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});
