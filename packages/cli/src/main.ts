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
      const close = nearest(command, ["dev", "start", "version", "help"]);
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
