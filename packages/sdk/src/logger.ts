/**
 * Logging.
 *
 * Source: sdk 14.
 */

/** A logger; `console` is one, and so are those of most libraries. */
export interface Logger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** Logs to the console what is at least as grave as `level`. Default: `info`. */
export function consoleLogger(options?: { readonly level?: LogLevel }): Logger {
  const threshold = LEVELS.indexOf(options?.level ?? "info");
  const at = (level: Exclude<LogLevel, "silent">) =>
    LEVELS.indexOf(level) < threshold ? (): void => {} : (...args: unknown[]): void => console[level](...args);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Passes messages on while `isOpen()`. Used to silence functions during replay. */
export function gatedLogger(logger: Logger, isOpen: () => boolean): Logger {
  return {
    debug: (...args) => (isOpen() ? logger.debug(...args) : undefined),
    info: (...args) => (isOpen() ? logger.info(...args) : undefined),
    warn: (...args) => (isOpen() ? logger.warn(...args) : undefined),
    error: (...args) => (isOpen() ? logger.error(...args) : undefined),
  };
}
