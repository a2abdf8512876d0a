/**
 * How a server is told to end.
 *
 * I1  The first signal asks for an orderly end. Any later one, of whatever kind, ends the program at once.
 * I2  A program that started this one and died took its channel with it; that counts as a first signal, so no server is left behind.
 */
import type { EventEmitter } from "node:events";

/** Exit codes of a program that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type SignalOptions = {
  /** Emits `SIGINT`, `SIGTERM` and `disconnect`: the process. */
  readonly source: Pick<EventEmitter, "on">;
  /** Ends the program at once. */
  readonly exit: (code: number) => void;
};

/** Resolves with the first signal. */
export function firstSignal({ source, exit }: SignalOptions): Promise<void> {
  let isStopping = false;
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      source.on(signal, () => {
        if (isStopping) exit(EXIT_CODES[signal]);
        isStopping = true;
        resolve();
      });
    }
    source.on("disconnect", () => {
      isStopping = true;
      resolve();
    });
  });
}
