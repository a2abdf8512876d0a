/**
 * Log lines for programs: one JSON object each, by pino.
 *
 * I1  Keys are never logged: no caller passes them, and fields of their names would be replaced.
 *
 * Imported only where the output is no terminal, because the import costs a start some 6 ms
 * after that of the server (2 shared cores, Node 24, 2026-11-25).
 */
import type { Logger } from "@pawl/server";
import { type DestinationStream, destination, pino, stdTimeFunctions } from "pino";
import type { Level } from "./level.ts";

/** Names of fields whose values would be secrets. */
const SECRETS: readonly string[] = [
  "signingKey",
  "eventKey",
  "eventKeys",
  "authorization",
  "*.signingKey",
  "*.eventKey",
  "*.authorization",
];

/** A logger that writes to the standard output, or to a stream of a test. Each line is written before the call returns. */
export function jsonLogger(level: Level, stream: DestinationStream = destination({ fd: 1, sync: true })): Logger {
  return pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...SECRETS], censor: "[secret]" },
    },
    stream,
  );
}
