/**
 * What an app's answer means.
 *
 * I1  Every answer is exactly one of: ops, a result, a failure. Nothing is thrown.
 * I2  A success that does not say it comes from an SDK is a failure: a proxy's page must not complete a run.
 *
 * Spec: wire 5.5–5.9; semantics 4.2.
 */
import { canonicalJson, HEADER, isTooDeepJson, JSON_DEPTH_MAX, parseOpcode, type WireOp } from "@pawl/protocol";
import { isRecord } from "../json.ts";
import { functionErrorOf } from "./function-error.ts";
import type { FunctionError, RawReply, Reply } from "./reply.ts";
import { parseRetryAfterMs } from "./retry-after.ts";

/** How much of a foreign answer is kept, for people. */
const FOREIGN_BODY_CHARS_MAX = 8_192;

type Response = Extract<RawReply, { kind: "response" }>;

/** Classifies an answer. `now` in milliseconds since the epoch, for dates in `Retry-After`. */
export function classifyReply(raw: RawReply, now: number): Reply {
  if (raw.kind === "no-response") return failure({ error: raw.code, name: "Error", message: raw.message });
  if (raw.status === 201) return classifyStreamed(raw, now);
  return classifyResponse(raw, now);
}

function classifyResponse(response: Response, now: number): Reply {
  const { status, headers } = response;
  const isSdk = (headers[HEADER.sdk] ?? "") !== "";
  const parsed = parseJson(response.body);
  if (parsed.kind === "too-deep") return failure(tooDeep(), common(response, now));
  if (status === 206 && isSdk) return classifyOps(response, { parsed, now });
  if (status < 200 || status > 299)
    return failure(
      isSdk ? functionErrorOf(valueOr(parsed, response.body), `invalid status code: ${status}`) : fatal(response),
      common(response, now),
    );
  if (!isSdk) return failure(notSdk(response), common(response, now));
  if (headers[HEADER.noRetry] === "true")
    return failure(functionErrorOf(valueOr(parsed, response.body), "marked as not to be retried"), common(response, now));
  return { kind: "result", data: canonicalJson(valueOr(parsed, response.body)), requestVersion: requestVersionOf(headers) };
}

/** Answer that began before the function ended: the real status, headers and body come in an envelope. */
function classifyStreamed(outer: Response, now: number): Reply {
  const envelope = parseJson(outer.body);
  if (envelope.kind === "too-deep") return failure(tooDeep());
  if (envelope.kind !== "json" || !isRecord(envelope.value)) return failure(streamProblem("the envelope isn't a JSON object", outer));
  const { status, headers, body, error } = envelope.value;
  if (typeof error === "string" && error !== "") return failure({ error, name: "Error", message: error });
  if (!isStatus(status) || status === 201) return failure(streamProblem("the envelope has no status", outer));
  const inner = isRecord(headers) ? Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const) : [];
  const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
  return classifyResponse({ kind: "response", status, headers: { ...outer.headers, ...Object.fromEntries(inner) }, body: text }, now);
}

function isStatus(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 100 && value <= 599;
}

function classifyOps(response: Response, { parsed, now }: { readonly parsed: Parsed; readonly now: number }): Reply {
  const ops =
    parsed.kind === "json" ? decodeOps(parsed.value) : { problem: response.body === "" ? "no response data" : "the body isn't JSON" };
  if ("problem" in ops) return failure(badOps(ops.problem, response.body), common(response, now));
  const retryAfterMs = parseRetryAfterMs(response.headers[HEADER.retryAfter], now);
  return {
    kind: "ops",
    ops: ops.ops,
    requestVersion: requestVersionOf(response.headers),
    noRetry: response.headers[HEADER.noRetry] === "true",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    httpStatus: response.status,
  };
}

/** Decodes a list of ops, or a single one; opcode names in any case. */
export function decodeOps(value: unknown): { readonly ops: readonly WireOp[] } | { readonly problem: string } {
  const list = Array.isArray(value) ? value : [value];
  const ops: WireOp[] = [];
  for (const [index, raw] of list.entries()) {
    if (!isRecord(raw)) return { problem: `op ${index} isn't an object` };
    const op = typeof raw["op"] === "string" ? parseOpcode(raw["op"]) : undefined;
    if (op === undefined) return { problem: `op ${index} has the unknown opcode ${JSON.stringify(raw["op"])}` };
    const id = raw["id"];
    if (op !== "None" && (typeof id !== "string" || id === "")) return { problem: `op ${index} (${op}) has no id` };
    if ((op === "StepError" || op === "StepFailed") && !isRecord(raw["error"])) return { problem: `op ${index} (${op}) has no error` };
    const oddField = oddFieldOf(raw);
    if (oddField !== undefined) return { problem: `op ${index} (${op}): ${oddField}` };
    ops.push((raw["op"] === op ? raw : { ...raw, op }) as WireOp);
  }
  return { ops };
}

/** What else is looked into later must be what it is said to be. */
function oddFieldOf({ name, displayName, opts, userland }: Readonly<Record<string, unknown>>): string | undefined {
  if (!isTextOrNone(name)) return "name isn't a text";
  if (!isTextOrNone(displayName)) return "displayName isn't a text";
  if (opts !== undefined && opts !== null && !isRecord(opts)) return "opts isn't an object";
  if (userland === undefined || userland === null) return undefined;
  if (!isRecord(userland) || !isTextOrNone(userland["id"])) return "userland isn't an object with an id";
  const { index } = userland;
  return index === undefined || index === null || Number.isSafeInteger(index) ? undefined : "userland.index isn't a whole number";
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

type Parsed = { readonly kind: "json"; readonly value: unknown } | { readonly kind: "text" } | { readonly kind: "too-deep" };

function parseJson(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeepJson(value, text.length) ? { kind: "too-deep" } : { kind: "json", value };
  } catch {
    return { kind: "text" };
  }
}

function valueOr(parsed: Parsed, text: string): unknown {
  return parsed.kind === "json" ? parsed.value : text;
}

function requestVersionOf(headers: Response["headers"]): number {
  const version = Number(headers[HEADER.reqVersion] ?? 0);
  return Number.isSafeInteger(version) && version > 0 ? version : 0;
}

function common(
  response: Response,
  now: number,
): { readonly httpStatus: number; readonly noRetry: boolean; readonly retryAfterMs?: number } {
  const retryAfterMs = parseRetryAfterMs(response.headers[HEADER.retryAfter], now);
  return { httpStatus: response.status, noRetry: stopsRetries(response), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The header decides; without it everything is retried, but for 4xx of JavaScript SDKs that knew no such header. */
function stopsRetries({ status, headers }: Response): boolean {
  const explicit = headers[HEADER.noRetry] ?? "";
  if (explicit !== "") return explicit === "true";
  const [, major, minor, patch] = /^inngest-js:v(\d+)\.(\d+)\.(\d+)/.exec(headers[HEADER.sdk] ?? "")?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined || status < 400 || status > 499) return false;
  const isOlder = (thanMinor: number, thanPatch: number): boolean => minor < thanMinor || (minor === thanMinor && patch < thanPatch);
  return major < 1 || (major === 1 && isOlder(10, 1)) || (major === 2 && isOlder(4, 1));
}

function failure(
  error: FunctionError,
  extra: { readonly noRetry?: boolean; readonly httpStatus?: number; readonly retryAfterMs?: number } = {},
): Reply {
  const { noRetry = false, ...rest } = extra;
  return { kind: "failure", error, isRetryable: !noRetry, ...rest };
}

function fatal({ status, headers, body }: Response): FunctionError {
  return {
    error: `invalid status code: ${status}`,
    name: "Server returned a fatal error",
    message: `Your server returned HTTP ${status} before the SDK responded.`,
    stack: `The response has no ${HEADER.sdk} header, so it comes from something in front of the app. Content type: ${headers["content-type"] ?? "none"}. Body:\n${body.slice(0, FOREIGN_BODY_CHARS_MAX)}`,
  };
}

function tooDeep(): FunctionError {
  return {
    error: "output_too_deep",
    name: "Error",
    message: `The app's answer is nested more than ${JSON_DEPTH_MAX} levels deep. Return something flatter, or a reference to where it is.`,
  };
}

function notSdk({ status, headers, body }: Response): FunctionError {
  return {
    error: "not_sdk",
    name: "Error",
    message: `The response did not come from an SDK: HTTP ${status} without the header ${HEADER.sdk}, content type ${headers["content-type"] ?? "none"}. Check that the app's URL is the one the SDK is served at.`,
    stack: body.slice(0, FOREIGN_BODY_CHARS_MAX),
  };
}

function badOps(problem: string, body: string): FunctionError {
  return {
    error: problem,
    name: "Error",
    message: `The app's answer could not be decoded: ${problem}.`,
    stack: body.slice(0, FOREIGN_BODY_CHARS_MAX),
  };
}

function streamProblem(problem: string, { body }: Response): FunctionError {
  return {
    error: problem,
    name: "Error",
    message: `The app's streamed answer could not be decoded: ${problem}.`,
    stack: body.slice(0, FOREIGN_BODY_CHARS_MAX),
  };
}
