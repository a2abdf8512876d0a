/**
 * Log lines: readable on a terminal, JSON elsewhere.
 *
 * I1  Keys are never logged: no caller passes them, and the names of secret settings are not among the fields.
 */
import type { Logger } from "@pawl/server";
import type { Style } from "./style.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** Whether a text names a level. */
export function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text);
}

export type LineLoggerOptions = {
  readonly level: Level;
  readonly asJson: boolean;
  readonly style: Style;
  readonly write: (line: string) => void;
  readonly now: () => number;
};

/** A logger that writes lines. */
export function lineLogger({ level, asJson, style, write, now }: LineLoggerOptions): Logger {
  const log = (of: Level) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (LEVELS.indexOf(of) < LEVELS.indexOf(level)) return;
    write(asJson ? JSON.stringify({ time: new Date(now()).toISOString(), level: of, message, ...fields }) : readable(of, message, fields));
  };
  const readable = (of: Level, message: string, fields: Readonly<Record<string, unknown>>): string => {
    const glyph = { debug: style.dim("·"), info: style.dim("·"), warn: style.yellow("!"), error: style.red("✕") }[of];
    const details = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    return `${glyph} ${message}${details.length === 0 ? "" : `  ${style.dim(details.join(" "))}`}`;
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}
