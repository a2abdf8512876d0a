#!/usr/bin/env node
/** The program `pawl`. Exit codes: 0 done, 1 failed, 2 called wrongly. */
import { CliError, errorText } from "./cli-error.ts";
import { nearest } from "./terminal/nearest.ts";
import { commandHelp, PROGRAM_HELP } from "./terminal/help.ts";
import { VERSION } from "./version.ts";

const given = process.argv.slice(2);
process.exitCode = await run(given).catch((error: unknown) => {
  process.stderr.write(errorText(error, given));
  return error instanceof CliError ? 2 : 1;
});
// Connections of others must not keep a program alive that has done its work.
process.exit();

async function run([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case "dev":
    case "start":
      return runCommand(command, args);
    case "backup":
      return runBackup(args);
    case "version":
    case "--version":
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case undefined:
    case "help":
    case "--help":
    case "-h":
      process.stdout.write(PROGRAM_HELP);
      return 0;
    default: {
      const close = nearest(command, ["dev", "start", "backup", "version", "help"]);
      throw new CliError(
        `There is no command ${JSON.stringify(command)}.`,
        close === undefined ? "Run pawl --help." : `Did you mean pawl ${close}?`,
      );
    }
  }
}

/** Imports what a command needs only when it runs. */
async function runCommand(command: "dev" | "start", args: readonly string[]): Promise<number> {
  const { readSettings } = await import("./command/settings.ts");
  const settings = readSettings({ command, args, env: process.env, cwd: process.cwd() });
  if (settings === "help") {
    process.stdout.write(commandHelp(command));
    return 0;
  }
  if (command === "dev") return (await import("./command/dev.ts")).dev(settings);
  return (await import("./command/start.ts")).start(settings);
}

/** The file comes first, then the flags. */
async function runBackup(args: readonly string[]): Promise<number> {
  const { readSettings } = await import("./command/settings.ts");
  const [first = ""] = args;
  const file = first.startsWith("-") ? "" : first;
  const settings = readSettings({ command: "backup", args: file === "" ? args : args.slice(1), env: process.env, cwd: process.cwd() });
  if (settings === "help") {
    process.stdout.write(commandHelp("backup"));
    return 0;
  }
  if (file === "") throw new CliError("pawl backup needs the name of a file.", "For example pawl backup monday.db.");
  return (await import("./command/backup.ts")).backup(settings, file);
}
