/** Log lines for people. Programs get JSON: json-logger.ts. */
import type { Logger } from "@pawl/server";
import { isLogged, type Level } from "./level.ts";
import type { Style } from "./style.ts";

export type LineLoggerOptions = {
  readonly level: Level;
  readonly style: Style;
  readonly write: (line: string) => void;
};

/** A logger that writes lines. */
export function lineLogger({ level, style, write }: LineLoggerOptions): Logger {
  const log = (of: Level) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (!isLogged(of, level)) return;
    const glyph = { debug: style.dim("·"), info: style.dim("·"), warn: style.yellow("!"), error: style.red("✕") }[of];
    const details = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    write(`${glyph} ${message}${details.length === 0 ? "" : `  ${style.dim(details.join(" "))}`}`);
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
