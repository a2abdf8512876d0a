/** A tool that programs find by its description and call by its name. */
import { isRecord } from "../json.ts";
import { problemOf, type Schema } from "../json-schema.ts";
import type { ServerContext } from "../http/context.ts";
import { parseJson } from "../http/ui/stored-json.ts";

export type ToolArguments = Readonly<Record<string, unknown>>;

/** What a call has besides its arguments. */
export type ToolEnvironment = {
  readonly context: ServerContext;
  /** Whether the caller may use tools that change something. */
  readonly mayWrite: boolean;
  /** Nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** Asks this server's own API with the caller's key. */
  readonly callApi: (call: ApiCall) => Promise<{ readonly status: number; readonly text: string }>;
};

export type ApiCall = { readonly method: "GET" | "POST" | "PATCH" | "DELETE"; readonly url: string; readonly body?: unknown };

export type Tool = {
  readonly name: string;
  readonly title: string;
  /** What it does and when to take it, for a reader who knows nothing else. */
  readonly description: string;
  /** Of an object without other fields. */
  readonly input: Schema & { readonly type: "object" };
  /** `reads`: changes nothing. `adds`: makes something new. `ends`: can't be taken back. */
  readonly effect: "reads" | "adds" | "ends";
  /** Throws `UiRefusal` for what can't be done. */
  readonly run: (args: ToolArguments, environment: ToolEnvironment) => Promise<Readonly<Record<string, unknown>>>;
};

/** Arguments as a tool takes them, or a sentence for what is wrong. */
export type CheckedArguments = { readonly args: ToolArguments } | { readonly problem: string };

/**
 * Reads arguments. Programs that write them as text often quote an object: a text in the place of an object is parsed, and what is no
 * object is taken as its `value`, or as the `id` of a user.
 */
export function readArguments({ input }: Tool, raw: unknown): CheckedArguments {
  if (raw !== undefined && !isRecord(raw)) return { problem: "arguments must be an object" };
  const args = Object.fromEntries(
    Object.entries(raw ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, input.properties?.[name]?.type === "object" ? unquoted(name, value) : value]),
  );
  const problem = problemOf(args, input);
  return problem === undefined ? { args } : { problem };
}

function unquoted(name: string, value: unknown): unknown {
  const object = typeof value === "string" ? parseJson(value) : value;
  return isRecord(object) ? object : { [name === "user" ? "id" : "value"]: value };
}
