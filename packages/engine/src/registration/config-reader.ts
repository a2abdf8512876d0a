/**
 * Reading untyped configuration with every problem noted.
 *
 * I1  Keys are found without regard to case, an exact one first; absent and `null` are the same.
 * I2  Reading never throws: what is wrong becomes a problem with the option's path, and reading goes on with the next option.
 *
 * Spec: wire-protocol 4.4.14.
 */
import { checkCondition, type ExpressionPlace } from "../expression/index.ts";

/** One thing that is wrong with a configuration. `code` is an error code of the wire protocol. */
export type ConfigProblem = { readonly path: string; readonly message: string; readonly code: ConfigProblemCode };

/** The codes that apps know. */
export type ConfigProblemCode =
  | "config_invalid"
  | "event_name_invalid"
  | "schedule_invalid"
  | "concurrency_limit_invalid"
  | "batch_size_invalid"
  | "batch_timeout_invalid"
  | "batch_key_expression_invalid"
  | "batch_if_expression_invalid"
  | "combo_unsupported";

/** Collects the problems of one function; every message begins with its name. */
export class ProblemList {
  readonly #functionName: string;
  readonly #problems: ConfigProblem[] = [];

  constructor(functionName: string) {
    this.#functionName = functionName;
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** Notes a problem; `message` is what comes after "function x: path". */
  add(problem: { readonly path: string; readonly message: string; readonly code?: ConfigProblemCode | undefined }): void {
    const { path, code = "config_invalid" } = problem;
    this.#problems.push({ path, code, message: `function ${this.#functionName}: ${path} ${problem.message}` });
  }

  /** Notes a value that is not what was expected. */
  reject(option: Option, expected: string): undefined {
    this.add({ path: option.path, code: option.code, message: `must be ${expected}, got ${describeValue(option.value)}` });
  }
}

/** A value out of the configuration, where it stands, and the code of its problems. */
export type Option = { readonly path: string; readonly value: unknown; readonly code?: ConfigProblemCode | undefined };

/** Bounds of a number, both inclusive. */
export type Bounds = { readonly min: number; readonly max?: number; readonly unit?: string };

/** The options of an object in the configuration. */
export class OptionReader {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #list: ProblemList;

  private constructor(path: string, values: ReadonlyMap<string, unknown>, list: ProblemList) {
    this.path = path;
    this.#values = values;
    this.#list = list;
  }

  /** A reader of an object; undefined, with a problem noted, for anything else. */
  static of(option: Option, list: ProblemList): OptionReader | undefined {
    if (!isObject(option.value)) return list.reject(option, "an object");
    return new OptionReader(option.path, valuesByKey(option.value), list);
  }

  /** The option of this name; undefined if it is absent or null. */
  option(key: string, code?: ConfigProblemCode): Option | undefined {
    const value = this.#values.get(key) ?? this.#values.get(key.toLowerCase());
    return value === undefined || value === null ? undefined : { path: this.path === "" ? key : `${this.path}.${key}`, value, code };
  }

  /** Whether an option is there. */
  has(key: string): boolean {
    return this.option(key) !== undefined;
  }

  /** A text that is not empty. */
  text(key: string, code?: ConfigProblemCode): string | undefined {
    const option = this.option(key, code);
    if (option === undefined || (typeof option.value === "string" && option.value !== "")) return option?.value as string | undefined;
    return this.#list.reject(option, "a text that is not empty");
  }

  /** A whole number within bounds. */
  integer(key: string, bounds: Bounds, code?: ConfigProblemCode): number | undefined {
    const option = this.option(key, code);
    return option === undefined ? undefined : readInteger(option, bounds, this.#list);
  }

  /** An expression that is valid in its place. */
  expression(key: string, place: ExpressionPlace, code?: ConfigProblemCode): string | undefined {
    const option = this.option(key, code);
    if (option === undefined) return undefined;
    if (typeof option.value !== "string") return this.#list.reject(option, "an expression");
    const problem = checkCondition(option.value, place);
    if (problem === undefined) return option.value;
    const { path } = option;
    this.#list.add({ path, code, message: `must be a valid expression, got ${describeValue(option.value)}: ${problem.message}` });
    return undefined;
  }

  /** The items of a list, each with its path. A problem is noted for anything else. */
  items(key: string): readonly Option[] {
    const option = this.option(key);
    if (option === undefined) return [];
    if (Array.isArray(option.value)) return itemsOf(option);
    this.#list.reject(option, "a list");
    return [];
  }

  /** Notes that a necessary option is missing. */
  require(key: string, expected: string, code?: ConfigProblemCode): undefined {
    const path = this.path === "" ? key : `${this.path}.${key}`;
    if (!this.has(key)) this.#list.add({ path, code, message: `must be ${expected}, but it is missing` });
  }
}

/** The items of a list in the configuration, each with its path. */
export function itemsOf(option: Option): readonly Option[] {
  const items: readonly unknown[] = Array.isArray(option.value) ? option.value : [];
  return items.map((value, index) => ({ path: `${option.path}[${index}]`, value, code: option.code }));
}

/** A whole number within bounds; a problem is noted for anything else. */
export function readInteger(option: Option, bounds: Bounds, list: ProblemList): number | undefined {
  const { min, max = Infinity, unit = "" } = bounds;
  const { value } = option;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range = max === Infinity ? `of at least ${min}${unit}` : `from ${min}${unit} to ${max}${unit}`;
  return list.reject(option, `a whole number ${range}`);
}

/** A value as it is shown in a message: JSON, cut to 100 characters. */
function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own keys as written and, where that is free, in lower case. */
function valuesByKey(object: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  const lower = Object.entries(object).map(([key, value]) => [key.toLowerCase(), value] as const);
  return new Map([...lower.filter(([, value]) => value !== null), ...Object.entries(object).filter(([, value]) => value !== null)]);
}
