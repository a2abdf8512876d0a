/** Levels of log lines. Spec: semantics 11.10. */

const LEVELS = ["debug", "info", "warn", "error"] as const;

export type Level = (typeof LEVELS)[number];

/** The level that a text names; `trace` is read as `debug`. Undefined for another text. */
export function readLevel(text: string): Level | undefined {
  return text === "trace" ? "debug" : LEVELS.find((level) => level === text);
}

/** Whether lines of a level are written where `least` is asked for. */
export function isLogged(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
