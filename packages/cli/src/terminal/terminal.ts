/** Where a server's output goes: lines for people, JSON for programs. Spec: dashboard-and-cli 5.4. */
import type { Logger } from "@pawl/server";
import { CliError } from "../cli-error.ts";
import type { Settings } from "../command/settings.ts";
import { readLevel } from "./level.ts";
import { lineLogger } from "./line-logger.ts";
import { type Style, styleOf, wantsColor } from "./style.ts";

export type Terminal = {
  readonly style: Style;
  readonly asJson: boolean;
  readonly logger: Logger;
  /** Writes a sentence for whoever started the program. */
  readonly say: (line: string) => void;
};

/** JSON where `--json` asks for it, or the output is no terminal and nothing asks otherwise. Throws `CliError` for an unknown level. */
export async function openTerminal(settings: Settings): Promise<Terminal> {
  const isTerminal = process.stdout.isTTY;
  const style = styleOf(wantsColor(process.env, isTerminal));
  const wanted = settings.isOn("verbose") ? "debug" : (settings.text("log-level") ?? "info");
  const level = readLevel(wanted);
  if (level === undefined)
    throw new CliError(`log-level must be debug, info, warn or error, got ${JSON.stringify(wanted)}.`, "Choose one of the four.");
  const asJson = settings.isOn("json") || (!isTerminal && !settings.isOff("json"));
  if (asJson) {
    const { jsonLogger } = await import("./json-logger.ts");
    const logger = jsonLogger(level);
    return { style, asJson, logger, say: (line) => logger.info({}, line) };
  }
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  return { style, asJson, logger: lineLogger({ level, style, write }), say: write };
}
