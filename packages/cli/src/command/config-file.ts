/** The configuration file: `pawl.json` or `inngest.json`, from the working directory upwards. Its keys are the names of the flags. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";

const NAMES: readonly string[] = ["pawl.json", "inngest.json"];

export type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> };

/** Reads the file; undefined where there is none. Throws `CliError` for one that was named and is missing, or is not a JSON object. */
export function readConfigFile({ cwd, path }: { readonly cwd: string; readonly path: string | undefined }): ConfigFile | undefined {
  const found = path === undefined ? find(cwd) : resolve(cwd, path);
  if (found === undefined) return undefined;
  if (!existsSync(found))
    throw new CliError(`The configuration file ${found} does not exist.`, "Correct the path given by --config or PAWL_CONFIG.");
  try {
    const values: unknown = JSON.parse(readFileSync(found, "utf8"));
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw new Error("it is no JSON object");
    return { path: found, values: values as Readonly<Record<string, unknown>> };
  } catch (error) {
    throw new CliError(
      `The configuration file ${found} can't be read: ${error instanceof Error ? error.message : String(error)}.`,
      "It must be a JSON object whose keys are names of flags.",
    );
  }
}

function find(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = NAMES.map((name) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}
