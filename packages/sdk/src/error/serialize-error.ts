/**
 * Errors to JSON.
 *
 * I1  Causes are followed to a depth of 5; deeper ones are dropped.
 * I2  Own properties travel only when primitive: errors of HTTP clients drag whole requests along.
 *
 * Source: wire-protocol 5.6, sdk 10.1.
 */
import type { SerializedError } from "@pawl/protocol";

const CAUSE_DEPTH_MAX = 5;
const OWN_FIELDS: ReadonlySet<string> = new Set(["name", "message", "stack", "code", "cause", "retryAfter", "stepId", "__serialized"]);

/** The JSON form of anything thrown. Values that are serialised errors already pass unchanged. */
export function serializeError(thrown: unknown): SerializedError {
  return serialize(thrown, 0);
}

function serialize(thrown: unknown, depth: number): SerializedError {
  if (isSerialized(thrown)) return thrown;
  if (typeof thrown !== "object" || thrown === null) {
    return { name: "Error", message: typeof thrown === "string" ? thrown : String(thrown), stack: "", __serialized: true };
  }
  const { name, message, stack, code, cause } = thrown as Partial<Record<keyof SerializedError, unknown>>;
  const data = primitiveProperties(thrown);
  return {
    name: typeof name === "string" && name !== "" ? name : "Error",
    message: typeof message === "string" && message !== "" ? message : describe(thrown),
    stack: typeof stack === "string" ? stack : "",
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(cause === undefined || depth >= CAUSE_DEPTH_MAX ? {} : { cause: serializeCause(cause, depth + 1) }),
    ...(data === undefined ? {} : { data }),
    __serialized: true,
  };
}

function serializeCause(cause: unknown, depth: number): unknown {
  if (cause instanceof Error || isSerialized(cause)) return serialize(cause, depth);
  try {
    return JSON.parse(JSON.stringify(cause) ?? "null") as unknown;
  } catch {
    return describe(cause);
  }
}

function isSerialized(thrown: unknown): thrown is SerializedError {
  return typeof thrown === "object" && thrown !== null && "__serialized" in thrown && thrown.__serialized === true;
}

/** An error without a message is shown by what it holds. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}

/** Keeps I2. `undefined` when there are none. */
function primitiveProperties(error: object): Record<string, unknown> | undefined {
  let found: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(error)) {
    if (OWN_FIELDS.has(key)) continue;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") continue;
    found ??= {};
    found[key] = value;
  }
  return found;
}
