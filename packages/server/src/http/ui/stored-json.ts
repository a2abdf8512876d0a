/**
 * Texts of JSON that the store keeps, read for people.
 *
 * I1  Total: a text that is not what it should be gives a value all the same.
 */
import type { UiError } from "@pawl/protocol";
import { given, isRecord, textOf } from "../../json.ts";

/** An error as stored with a run or an attempt. `technical` is the code or the raw text. */
export type StoredError = UiError & { readonly technical?: string };

/** Longest result that is parsed to see whether it is a wrapper; longer ones are trusted. */
const CHECKED_CHARS_MAX = 65_536;

/** Longest part of a message that a line repeats. */
const MESSAGE_CHARS_MAX = 120;

/** Parses JSON; undefined where it is none. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Reads `{error, name, message, stack?, cause?}`. */
export function parseError(text: string): StoredError {
  return errorOf(parseJson(text));
}

/** Reads an error object. */
export function errorOf(value: unknown): StoredError {
  const error = isRecord(value) ? value : { message: textOf(value) };
  return {
    name: textOf(error["name"], "Error"),
    message: textOf(error["message"]),
    ...given("stack", typeof error["stack"] === "string" ? error["stack"] : undefined),
    ...given("cause", error["cause"]),
    ...given("technical", typeof error["error"] === "string" ? error["error"] : undefined),
  };
}

/** Without the technical text. */
export function uiError({ technical: _technical, ...error }: StoredError): UiError {
  return error;
}

/** The first line of a message, cut off where it is long. */
export function firstLine(message: string): string {
  const [line = ""] = message.split("\n");
  return line.length > MESSAGE_CHARS_MAX ? `${line.slice(0, MESSAGE_CHARS_MAX)}…` : line;
}

/** JSON text of the value in a stored `{"data":…}`, or the text itself where it is no such wrapper. */
export function unwrapData(text: string): string {
  if (!text.startsWith('{"data":') || !text.endsWith("}")) return text;
  const inner = text.slice('{"data":'.length, -1);
  return text.length > CHECKED_CHARS_MAX || isJson(inner) ? inner : text;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
