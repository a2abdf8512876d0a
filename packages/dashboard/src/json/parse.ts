/**
 * JSON with errors that say where: browsers word them differently and some give no position at all.
 *
 * P1  A text is accepted exactly when `JSON.parse` accepts it, and the value is `JSON.parse`'s.
 * P2  The position is that of the first character that can't continue a valid text.
 */
export type JsonProblem = {
  readonly message: string;
  /** One-based. */
  readonly line: number;
  /** One-based, in UTF-16 units as editors count. */
  readonly column: number;
  /** Zero-based index into the text. */
  readonly offset: number;
};

export type ParsedJson = { readonly isValid: true; readonly value: unknown } | { readonly isValid: false; readonly problem: JsonProblem };

/** Nesting beyond this is refused, so that a hostile text can't exhaust the stack. No payload of ours comes near it. */
const DEPTH_MAX = 512;

/** Parses a JSON text; says line and column of the first error. */
export function parseJson(text: string): ParsedJson {
  const scanner: Scanner = { text, at: 0, depth: 0 };
  try {
    scanValue(scanner);
    skipSpace(scanner);
    if (scanner.at < text.length) fail(scanner, "Expected the end of the text");
    return { isValid: true, value: JSON.parse(text) };
  } catch (failure) {
    if (!(failure instanceof ScanFailure)) throw failure;
    return { isValid: false, problem: problemAt(text, failure) };
  }
}

type Scanner = { readonly text: string; at: number; depth: number };

class ScanFailure extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

function scanValue(scanner: Scanner): void {
  skipSpace(scanner);
  const char = scanner.text[scanner.at];
  if (char === "{") return scanObject(scanner);
  if (char === "[") return scanArray(scanner);
  if (char === '"') return scanString(scanner);
  for (const word of ["true", "false", "null"]) {
    if (scanner.text.startsWith(word, scanner.at)) {
      scanner.at += word.length;
      return;
    }
  }
  if (!scanPattern(scanner, NUMBER)) fail(scanner, "Expected a value");
}

function scanObject(scanner: Scanner): void {
  enter(scanner);
  if (!takeAfterSpace(scanner, "}")) {
    do {
      skipSpace(scanner);
      if (scanner.text[scanner.at] !== '"') fail(scanner, "Expected a property name in double quotes");
      scanString(scanner);
      if (!takeAfterSpace(scanner, ":")) fail(scanner, "Expected “:” after the property name");
      scanValue(scanner);
    } while (takeAfterSpace(scanner, ","));
    if (!takeAfterSpace(scanner, "}")) fail(scanner, "Expected “,” or “}”");
  }
  scanner.depth -= 1;
}

function scanArray(scanner: Scanner): void {
  enter(scanner);
  if (!takeAfterSpace(scanner, "]")) {
    do scanValue(scanner);
    while (takeAfterSpace(scanner, ","));
    if (!takeAfterSpace(scanner, "]")) fail(scanner, "Expected “,” or “]”");
  }
  scanner.depth -= 1;
}

function scanString(scanner: Scanner): void {
  scanner.at += 1;
  for (;;) {
    const char = scanner.text[scanner.at];
    if (char === undefined) fail(scanner, "The string isn't closed");
    if (char < " ")
      fail(scanner, char === "\n" ? "A string can't span lines; write \\n" : "Control characters in a string must be escaped");
    if (char === "\\") {
      if (!scanPattern(scanner, ESCAPE)) fail(scanner, "Unknown escape in a string");
    } else {
      scanner.at += 1;
      if (char === '"') return;
    }
  }
}

function enter(scanner: Scanner): void {
  scanner.at += 1;
  scanner.depth += 1;
  if (scanner.depth > DEPTH_MAX) fail(scanner, `Nested deeper than ${DEPTH_MAX} levels`);
}

function scanPattern(scanner: Scanner, pattern: RegExp): boolean {
  pattern.lastIndex = scanner.at;
  const length = pattern.exec(scanner.text)?.[0].length ?? 0;
  scanner.at += length;
  return length > 0;
}

function takeAfterSpace(scanner: Scanner, char: string): boolean {
  skipSpace(scanner);
  const isThere = scanner.text[scanner.at] === char;
  if (isThere) scanner.at += 1;
  return isThere;
}

function skipSpace(scanner: Scanner): void {
  while (" \n\r\t".includes(scanner.text[scanner.at] ?? "x")) scanner.at += 1;
}

function fail(scanner: Scanner, expectation: string): never {
  const char = scanner.text[scanner.at];
  const found = char === undefined ? "the text ends here" : `found “${char === "\n" ? "line break" : char}”`;
  throw new ScanFailure(`${expectation}; ${found}.`, scanner.at);
}

function problemAt(text: string, failure: ScanFailure): JsonProblem {
  const before = text.slice(0, failure.offset).split("\n");
  return { message: failure.message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, offset: failure.offset };
}
