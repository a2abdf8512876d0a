/** Help texts, out of the table of flags. */
import { type Command, type Flag, flagsOf } from "../command/flags.ts";

const ABOUT: Readonly<Record<Command, string>> = {
  backup:
    "Copies the data of a running server into a new file; the server goes on meanwhile. A server started with the file goes on from there.",
  dev: "Runs a server for development: open on this machine, finds your apps by itself.",
  start: "Runs a server for production: keys required, every commit durable.",
};

/** What a command takes besides flags. */
const ARGUMENT: Partial<Readonly<Record<Command, string>>> = { backup: " <file>" };

/** Help of the program. */
export const PROGRAM_HELP = `Usage: pawl <command> [flags]

Commands
  dev       server for development, with dashboard
  start     server for production
  backup    copies the data of a running server into a file
  version   version of this program

pawl <command> --help shows the flags of a command. Each is also a variable PAWL_<FLAG>, or a key of pawl.json;
a flag wins over a variable, and a variable over the file.
`;

/** Help of a command. */
export function commandHelp(command: Command): string {
  const rows = visibleFlagsOf(command).map(({ name, short, placeholder, help }) => {
    const left = `${short === undefined ? "    " : `-${short}, `}--${name}${placeholder === undefined ? "" : ` ${placeholder}`}`;
    return { left, help };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return `${ABOUT[command]}\n\nUsage: pawl ${command}${ARGUMENT[command] ?? ""} [flags]\n\n${rows.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`).join("\n")}\n`;
}

function visibleFlagsOf(command: Command): readonly Flag[] {
  return flagsOf(command).filter(({ isHidden }) => isHidden !== true);
}
