/** Messages about expressions that do not compile: what is wrong, where, what was expected, and a hint where we know one. */

/** A problem at an offset of the source. Thrown inside the parser only, and turned into a value at its edge. */
export class ParseProblem extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The parser library's names of tokens, as users write them. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: "the end of the expression",
  NUMBER: "a number",
  STRING: "a string",
  BYTES: "a byte string",
  BOOLEAN: "true or false",
  NULL: "null",
  IDENTIFIER: "a name",
  PLUS: "+",
  MINUS: "-",
  MULTIPLY: "*",
  DIVIDE: "/",
  MODULO: "%",
  EQ: "==",
  NE: "!=",
  LT: "<",
  LE: "<=",
  GT: ">",
  GE: ">=",
  AND: "&&",
  OR: "||",
  NOT: "!",
  IN: "in",
  LPAREN: "(",
  RPAREN: ")",
  LBRACKET: "[",
  RBRACKET: "]",
  LBRACE: "{",
  RBRACE: "}",
  DOT: ".",
  COMMA: ",",
  COLON: ":",
  QUESTION: "?",
};

const TOKEN_NAME = new RegExp(`\\b(${Object.keys(TOKENS).join("|")})\\b`, "g");

/** The message of a problem, with its line and column (both from 1) and a hint. */
export function describeProblem(source: string, problem: { readonly message: string; readonly at: number }): string {
  const before = source.slice(0, problem.at);
  const line = before.split("\n").length;
  const column = problem.at - (before.lastIndexOf("\n") + 1) + 1;
  const hint = hintAt(source, problem.at);
  return `line ${line}, column ${column}: ${hint === undefined ? problem.message : `${hint} (${problem.message})`}`;
}

/** Rewrites a message of the parser library in the words of the source. */
export function plainTokens(message: string): string {
  return message.replace(TOKEN_NAME, (name) => TOKENS[name] ?? name).replace(/^./, (first) => first.toLowerCase());
}

function hintAt(source: string, at: number): string | undefined {
  if (source.trim() === "") return "an expression must not be empty";
  if (source.includes("{{")) return "templates with {{ }} are not supported, write the expression itself";
  const word = /^\W*(\w+)/.exec(source.slice(at))?.[1]?.toLowerCase();
  if (word === "and") return "write && for and";
  if (word === "or") return "write || for or";
  if (word === "not") return "write ! for not";
  return source.slice(at).startsWith("=") ? "compare with ==" : undefined;
}
