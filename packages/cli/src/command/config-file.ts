/**
 * The configuration file: `pawl.json`, `pawl.yaml`, or one of the names of the protocol's server, from the working directory upwards. Its
 * keys are the names of the flags.
 *
 * Spec: wire 1.4; dashboard-and-cli 6 (compatibility).
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";

const NAMES: readonly string[] = ["pawl", "inngest"].flatMap((name) => ["json", "yaml", "yml"].map((ending) => `${name}.${ending}`));

export type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> };

/** Reads the file; undefined where there is none. Throws `CliError` for one that was named and is missing, or is no object of JSON or YAML. */
export function readConfigFile({ cwd, path }: { readonly cwd: string; readonly path: string | undefined }): ConfigFile | undefined {
  const found = path === undefined ? find(cwd) : resolve(cwd, path);
  if (found === undefined) return undefined;
  if (!existsSync(found))
    throw new CliError(`The configuration file ${found} does not exist.`, "Correct the path given by --config or PAWL_CONFIG.");
  try {
    const values = parse(readFileSync(found, "utf8"), found);
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw new Error("it is no object");
    return { path: found, values: values as Readonly<Record<string, unknown>> };
  } catch (error) {
    throw new CliError(
      `The configuration file ${found} can't be read: ${error instanceof Error ? error.message : String(error)}.`,
      "It must be an object of JSON or YAML whose keys are names of flags.",
    );
  }
}

/** An empty YAML file sets nothing. */
function parse(text: string, path: string): unknown {
  if (!/\.ya?ml$/i.test(path)) return JSON.parse(text) as unknown;
  // Loaded only where there is such a file: most starts need none.
  const require = createRequire(import.meta.url);
  const yaml = require("yaml") as { readonly parse: (text: string) => unknown };
  return yaml.parse(text) ?? {};
}

function find(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = NAMES.map((name) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}
