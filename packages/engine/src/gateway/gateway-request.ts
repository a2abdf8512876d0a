/**
 * The HTTP request that the server makes for a step: `step.fetch` (op `Gateway`) and `step.ai.infer` (op `AIGateway`).
 *
 * I1  It is read out of the step's stored options, so a request that a crash has cut off can be made again. It is made at least once.
 *     The header `idempotency-key` is the same each time, so a server that knows it does its work once.
 * I2  The key that it is made with goes to the server that the step names, and nowhere else.
 *
 * Spec: wire 6.13, 6.14; semantics 5.6, 5.7.
 */
import { canonicalJson, STEP_INPUT_BYTES_MAX } from "@pawl/protocol";
import { recordOf } from "../json.ts";
import type { StepRow } from "../step/step-row.ts";

export type GatewayRequest = {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where else the answer goes, piece by piece as it comes. */
  readonly publish?: GatewayTopic;
};

/** A topic of realtime, and what its messages say about where they come from. */
export type GatewayTopic = {
  readonly channel: string;
  readonly topic: string;
  readonly runId: string;
  readonly stepId: string;
  /** Without keys. */
  readonly url: string;
};

type Options = Readonly<Record<string, unknown>>;

/** Reads the request; a sentence for what is wrong. */
export function gatewayRequestOf({
  runId,
  id,
  kind,
  options,
}: Pick<StepRow, "runId" | "id" | "kind" | "options">): GatewayRequest | string {
  const parsed = (options === undefined ? {} : JSON.parse(options)) as Options;
  const url = typeof parsed["url"] === "string" ? parsed["url"] : "";
  if (!/^https?:\/\/[^/\s]+/i.test(url)) return `The URL ${JSON.stringify(url)} must begin with http:// or https://.`;
  const request = kind === "ai-gateway" ? aiRequest(parsed, url) : fetchRequest(parsed, url);
  const size = request.body?.length ?? 0;
  if (size > STEP_INPUT_BYTES_MAX)
    return `The request's body has ${String(size)} bytes; at most ${String(STEP_INPUT_BYTES_MAX)} can be sent. Send less, for example a reference to where the rest is.`;
  const { channel, topic } = recordOf(parsed["publish"]);
  return {
    ...request,
    headers: REPEATABLE.has(request.method) ? request.headers : { "idempotency-key": `${runId}.${id}`, ...request.headers },
    ...(isName(channel) && isName(topic) ? { publish: { channel, topic, runId, stepId: id, url: maskedUrl(url) } } : {}),
  };
}

/** Methods that may be repeated anyway. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** The method is the protocol's default where none is given. */
function fetchRequest({ method, headers, body }: Options, url: string): GatewayRequest {
  const name = typeof method === "string" && method !== "" ? method.toUpperCase() : "POST";
  const text = body === undefined || body === null ? undefined : typeof body === "string" ? body : canonicalJson(body);
  const isBare = name === "GET" || name === "HEAD" || text === undefined;
  return { method: name, url, headers: { "user-agent": "Pawl", ...headersOf(headers) }, ...(isBare ? {} : { body: text }) };
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

/** The official client's models have the key in their URL already. */
function withQuery(url: string, key: string): string {
  if (/[?&]key=/.test(url)) return url;
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
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(recordOf(value))) {
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower) && typeof text === "string") headers[lower] = text;
  }
  return headers;
}

const SECRET_NAME = /authorization|cookie|key|token|secret|password|signature/i;

/** Whether a header, or a parameter of a URL, is likely to hold a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && name.toLowerCase() !== "idempotency-key";
}

const MASK = "***";

/** A step's options without its secrets, for people. */
export function maskedOptions(options: string): string {
  const parsed = JSON.parse(options) as Options;
  const headers = Object.entries(recordOf(parsed["headers"])).map(([name, value]) => [name, isSecretName(name) ? MASK : value] as const);
  return JSON.stringify({
    ...parsed,
    ...(typeof parsed["url"] === "string" ? { url: maskedUrl(parsed["url"]) } : {}),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(parsed["auth_key"] === undefined ? {} : { auth_key: MASK }),
  });
}

/** A URL without its password, and without parameters that are likely to be credentials. */
export function maskedUrl(url: string): string {
  const bare = url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#@]*@/i, `$1${MASK}@`);
  return bare.replace(/([?&])([^=&#]*)=([^&#]*)/g, (whole, mark: string, name: string) =>
    isSecretName(name) ? `${mark}${name}=${MASK}` : whole,
  );
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
