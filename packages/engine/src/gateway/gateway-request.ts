/**
 * The HTTP request that the server makes for a step: `step.fetch` (op `Gateway`) and `step.ai.infer` (op `AIGateway`).
 *
 * I1  It is read out of the step's stored options, so a request that a crash has cut off can be made again. It is made at least once.
 * I2  The key that it is made with goes to the server that the step names, and nowhere else.
 *
 * Spec: wire 6.13, 6.14; semantics 5.6, 5.7.
 */
import { canonicalJson } from "@pawl/protocol";
import type { StepRow } from "../step/step-row.ts";

export type GatewayRequest = {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

type Options = Readonly<Record<string, unknown>>;

/** Reads the request; a sentence for what is wrong. */
export function gatewayRequestOf({ kind, options }: Pick<StepRow, "kind" | "options">): GatewayRequest | string {
  const parsed = (options === undefined ? {} : JSON.parse(options)) as Options;
  const url = typeof parsed["url"] === "string" ? parsed["url"] : "";
  if (!/^https?:\/\/[^/\s]+/i.test(url)) return `The URL ${JSON.stringify(url)} must begin with http:// or https://.`;
  return kind === "ai-gateway" ? aiRequest(parsed, url) : fetchRequest(parsed, url);
}

/** The method is the protocol's default where none is given. */
function fetchRequest({ method, headers, body }: Options, url: string): GatewayRequest {
  const name = typeof method === "string" && method !== "" ? method.toUpperCase() : "POST";
  const text = body === undefined || body === null ? undefined : typeof body === "string" ? body : canonicalJson(body);
  const isBare = name === "GET" || name === "HEAD" || text === undefined;
  return { method: name, url, headers: headersOf(headers), ...(isBare ? {} : { body: text }) };
}

function aiRequest({ format, auth_key: key, headers, body }: Options, url: string): GatewayRequest {
  const auth = typeof key === "string" && key !== "" ? authOf(format, key) : { headers: {} };
  const target = auth.query === undefined ? url : withQuery(url, auth.query);
  const own = { "content-type": "application/json", "user-agent": "Pawl", ...auth.headers };
  return { method: "POST", url: target, headers: { ...own, ...headersOf(headers) }, body: canonicalJson(body ?? {}) };
}

function authOf(format: unknown, key: string): { readonly headers: Readonly<Record<string, string>>; readonly query?: string } {
  switch (format) {
    case "gemini":
      return { headers: {}, query: key };
    case "bedrock":
      return { headers: { authorization: key } };
    case "anthropic":
      return { headers: { "x-api-key": key } };
    default:
      return { headers: { authorization: `Bearer ${key}` } };
  }
}

function withQuery(url: string, key: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}key=${encodeURIComponent(key)}`;
}

/** Headers of the connection itself are the client's business. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function headersOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower) && typeof text === "string") headers[lower] = text;
  }
  return headers;
}

const SECRET_HEADER = /^(?:authorization|cookie|.*(?:api-?key|token|secret|password).*)$/i;

/** A step's options without its secrets, for people. */
export function maskedOptions(options: string): string {
  const parsed = JSON.parse(options) as Options;
  const { auth_key: key, headers, ...rest } = parsed;
  const shown =
    typeof headers === "object" && headers !== null
      ? { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, SECRET_HEADER.test(name) ? "***" : value])) }
      : {};
  return JSON.stringify({ ...rest, ...shown, ...(key === undefined ? {} : { auth_key: "***" }) });
}
