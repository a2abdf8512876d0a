/**
 * Settings of a command: flags, then `PAWL_*`, then `INNGEST_*`, then the configuration file.
 *
 * I1  A value that cannot be read, and a name that is not known, is an error that says where it came from. Secrets are not repeated.
 */
import { parseArgs } from "node:util";
import { CliError } from "../cli-error.ts";
import { nearest } from "../terminal/nearest.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { type Command, type Flag, flagsOf, type FlagValue, isFlagName } from "./flags.ts";

export type Settings = {
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
  readonly integer: (name: string) => number | undefined;
  readonly isOn: (name: string) => boolean;
  /** A switch that was set to false, not one that was left out. */
  readonly isOff: (name: string) => boolean;
  /** What was set and has no effect; one sentence each. */
  readonly warnings: readonly string[];
};

export type SettingsInput = {
  readonly command: Command;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
};

/** Reads settings; `help` where `--help` was given. Throws `CliError`. */
export function readSettings(input: SettingsInput): Settings | "help" {
  const flags = flagsOf(input.command);
  const given = parseFlags(input, flags);
  if (given === "help") return "help";
  const values = new Map<string, FlagValue>();
  for (const flag of flags) {
    const value = given.get(flag.name) ?? fromEnvironment(flag, input.env);
    if (value !== undefined) values.set(flag.name, value);
  }
  const file = readConfigFile({
    cwd: input.cwd,
    path: textOf(values.get("config")) ?? input.env["PAWL_CONFIG"] ?? input.env["INNGEST_CONFIG"],
  });
  if (file !== undefined) addFromFile(values, { file, flags });
  const isIgnored = (flag: Flag): boolean => flag.ignoredBecause !== undefined && values.has(flag.name);
  return settingsOf(
    values,
    flags.filter(isIgnored).map(({ name, ignoredBecause }) => `${name} has no effect: ${ignoredBecause ?? ""}`),
  );
}

/** Adds what neither flags nor the environment set. */
function addFromFile(
  values: Map<string, FlagValue>,
  { file, flags }: { readonly file: ConfigFile; readonly flags: readonly Flag[] },
): void {
  for (const [name, raw] of Object.entries(file.values)) {
    const flag = flags.find((candidate) => candidate.name === name);
    if (flag !== undefined) {
      if (!values.has(name)) values.set(name, convert(flag, { raw, from: `"${name}" in ${file.path}` }));
      continue;
    }
    if (name === "$schema" || isFlagName(name)) continue;
    const close = nearest(name, visibleNames(flags));
    throw new CliError(
      `${file.path} has an unknown key ${JSON.stringify(name)}.`,
      close === undefined ? "Its keys are the names of flags." : `Did you mean ${JSON.stringify(close)}?`,
    );
  }
}

function settingsOf(values: ReadonlyMap<string, FlagValue>, warnings: readonly string[]): Settings {
  return {
    warnings,
    text: (name) => textOf(values.get(name)),
    texts: (name) => (values.get(name) as readonly string[] | undefined) ?? [],
    integer: (name) => values.get(name) as number | undefined,
    isOn: (name) => values.get(name) === true,
    isOff: (name) => values.get(name) === false,
  };
}

function textOf(value: FlagValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parseFlags({ command, args }: SettingsInput, flags: readonly Flag[]): Map<string, FlagValue> | "help" {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      flags.map(
        ({ name, short, type }) =>
          [name, { type: type === "switch" ? "boolean" : "string", ...(short === undefined ? {} : { short }) }] as const,
      ),
    ),
  });
  const values = new Map<string, FlagValue>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional")
      throw new CliError(
        `pawl ${command} takes no argument, got ${JSON.stringify(token.value)}.`,
        `Run pawl ${command} --help for its flags.`,
      );
    if (token.name === "help" || token.name === "h") return "help";
    const flag = flags.find(({ name }) => name === token.name);
    if (flag === undefined) throw unknownFlag(token.rawName, { command, flags });
    const value = convert(flag, { raw: rawValue(flag, token), from: token.rawName });
    const before = values.get(flag.name);
    values.set(flag.name, flag.type === "texts" && Array.isArray(before) ? [...(before as string[]), ...(value as string[])] : value);
  }
  return values;
}

/** `--db --fresh` forgot the path; a value that begins with a dash is written `--db=-odd`. */
function rawValue(
  flag: Flag,
  { value, inlineValue }: { readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): unknown {
  if (flag.type === "switch") return value ?? true;
  return inlineValue === true || value?.startsWith("-") !== true ? value : undefined;
}

function fromEnvironment(flag: Flag, env: NodeJS.ProcessEnv): FlagValue | undefined {
  const suffix = flag.name.toUpperCase().replaceAll("-", "_");
  for (const name of [`PAWL_${suffix}`, `INNGEST_${suffix}`]) {
    const raw = env[name];
    if (raw !== undefined && raw !== "") return convert(flag, { raw, from: name });
  }
  return undefined;
}

function convert(flag: Flag, { raw, from }: { readonly raw: unknown; readonly from: string }): FlagValue {
  if (flag.type === "switch") {
    if (raw === true || raw === "true" || raw === "1") return true;
    if (raw === false || raw === "false" || raw === "0") return false;
  }
  if (flag.type === "text" && typeof raw === "string" && raw !== "") return raw;
  if (flag.type === "texts" && typeof raw === "string" && raw !== "")
    return raw
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  if (flag.type === "texts" && Array.isArray(raw) && raw.every((part) => typeof part === "string")) return raw;
  if (flag.type === "integer") {
    const number = typeof raw === "number" ? raw : typeof raw === "string" && /^\d+$/.test(raw) ? Number(raw) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= (flag.min ?? 0)) return number;
  }
  const expected = {
    text: "a text",
    texts: "a text, or several separated by commas",
    integer: `a whole number from ${flag.min ?? 0}`,
    switch: "true or false",
  }[flag.type];
  const got = raw === undefined ? "nothing" : flag.isSecret === true ? "something else" : JSON.stringify(raw);
  throw new CliError(`${from} must be ${expected}, got ${got}.`, "Correct the value or leave the setting out.");
}

function unknownFlag(rawName: string, { command, flags }: { readonly command: Command; readonly flags: readonly Flag[] }): CliError {
  const close = nearest(rawName.replace(/^-+/, ""), visibleNames(flags));
  const hint = close === undefined ? `Run pawl ${command} --help for its flags.` : `Did you mean --${close}?`;
  return new CliError(`pawl ${command} has no flag ${rawName}.`, hint);
}

function visibleNames(flags: readonly Flag[]): readonly string[] {
  return flags.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
}
