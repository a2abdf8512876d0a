/**
 * Requests of steps by HTTP.
 *
 * I1  An answer is read up to the largest result that a step can have, and no further.
 * I2  Redirects are followed a few times; each target is checked like the first, and one on another origin gets no credentials.
 * I3  A request takes no longer than `REQUEST_MS_MAX`: providers of AI answer within minutes, and a step must not hold its slot for ever.
 *
 * Spec: wire 6.13, 6.14; semantics 5.7.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { type GatewayOutcome, type GatewayRequest, type GatewayTopic, isSecretName, maskedUrl } from "@pawl/engine";
import { STEP_OUTPUT_BYTES_MAX } from "@pawl/protocol";
import { Agent, type Dispatcher } from "undici";
import type { Gateway } from "../ports/gateway.ts";
import { lookupOf, PUBLIC_FOR_STEPS, RefusedAddressError, refusesHost } from "../net/address-policy.ts";

const REDIRECTS_MAX = 10;
const REQUEST_MS_MAX = 600_000;
const CONNECT_MS_MAX = 10_000;

export type HttpGatewayOptions = {
  /** Whether addresses of this machine and of private networks may be reached. */
  readonly allowPrivateAddresses: boolean;
  /** Private addresses (no names) that may be reached all the same. Default: none. */
  readonly allowed?: readonly string[];
  /** Milliseconds. Default 600,000. */
  readonly timeoutMs?: number;
  /** Opens a topic for an answer that is to be published as it comes. Default: it is not published. */
  readonly openTopic?: OpenTopic;
};

/** Where the pieces of an answer go. */
type TopicWriter = { readonly write: (piece: Buffer) => void; readonly end: () => void };
export type OpenTopic = (topic: GatewayTopic, contentType: string) => TopicWriter;

/** Opens one with connections of its own. */
export function httpGateway(options: HttpGatewayOptions): Gateway {
  const { allowPrivateAddresses, allowed = [], timeoutMs = REQUEST_MS_MAX, openTopic } = options;
  const isRefused = (host: string): boolean => !allowPrivateAddresses && !allowed.includes(host) && refusesHost(PUBLIC_FOR_STEPS, host);
  const agent = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 5_000,
    connect: { timeout: CONNECT_MS_MAX, ...(allowPrivateAddresses ? {} : { lookup: lookupOf(PUBLIC_FOR_STEPS) }) },
  });
  return {
    request: async (request, signal) => {
      // Not `AbortSignal.timeout`: that one, and what hangs on it, would stay until its time is over (0.7 KB a request, Node 24.21).
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), timeoutMs);
      try {
        const answered = await send(agent, request, { signal: AbortSignal.any([signal, limit.signal]), isRefused });
        return "kind" in answered ? answered : await read(answered, topicOf(request, answered, openTopic));
      } catch (error) {
        if (limit.signal.aborted) return failure(`no answer within ${String(timeoutMs / 1_000)} s`, true);
        return failureOf(error);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => agent.destroy(),
  };
}

type SendOptions = { readonly signal: AbortSignal; readonly isRefused: (host: string) => boolean };

/** An answer that is no redirect, from where it came. */
type Answered = { readonly url: string; readonly response: Dispatcher.ResponseData };

type Failed = Extract<GatewayOutcome, { kind: "failure" }>;

async function send(agent: Agent, request: GatewayRequest, { signal, isRefused }: SendOptions): Promise<Answered | Failed> {
  let next = withBasicAuth(request);
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const { protocol, hostname, origin, pathname, search } = new URL(next.url);
    if (protocol !== "http:" && protocol !== "https:") return failure(`${protocol}// can't be requested, only http:// and https://`, false);
    if (isRefused(hostname)) return failure(PUBLIC_FOR_STEPS.refusal(hostname), false);
    const response = await agent.request({
      origin,
      path: pathname + search,
      method: next.method,
      // What is published as it comes is not packed: a packed answer comes in large pieces.
      headers: { ...(next.publish === undefined ? { "accept-encoding": "gzip, br" } : {}), ...next.headers },
      signal,
      ...(next.body === undefined ? {} : { body: next.body }),
    });
    const target = redirectOf(next, response);
    if (target === undefined) return { url: next.url, response };
    await response.body.dump();
    next = target;
  }
  return failure(`more than ${String(REDIRECTS_MAX)} redirects; the last target was ${maskedUrl(next.url)}`, false);
}

/** Name and password in a URL become a header; the step's result shall not show them. */
function withBasicAuth(request: GatewayRequest): GatewayRequest {
  const url = new URL(request.url);
  if (url.username === "" && url.password === "") return { ...request, url: url.href };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { ...request, url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}`, ...request.headers } };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The request that a redirect asks for, as browsers read it; undefined where the answer is none. */
function redirectOf(request: GatewayRequest, { statusCode, headers }: Dispatcher.ResponseData): GatewayRequest | undefined {
  const location = textOf(headers["location"]);
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined;
  const url = new URL(location, request.url);
  const isSame = url.origin === new URL(request.url).origin;
  const kept = isSame ? request.headers : Object.fromEntries(Object.entries(request.headers).filter(([name]) => !isSecretName(name)));
  const becomesGet = statusCode === 303 || ((statusCode === 301 || statusCode === 302) && request.method === "POST");
  if (!becomesGet) return { ...request, url: url.href, headers: kept };
  const { "content-type": _, ...headersOfGet } = kept;
  const { body: _body, ...rest } = request;
  return { ...rest, method: request.method === "HEAD" ? "HEAD" : "GET", url: url.href, headers: headersOfGet };
}

function topicOf({ publish }: GatewayRequest, { response }: Answered, openTopic: OpenTopic | undefined): TopicWriter | undefined {
  return publish === undefined ? undefined : openTopic?.(publish, textOf(response.headers["content-type"]) ?? "");
}

async function read({ url, response }: Answered, topic: TopicWriter | undefined): Promise<GatewayOutcome> {
  const bytes = await readBytes(response, topic).finally(() => topic?.end());
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name.toLowerCase()] = textOf(value) ?? "";
  const unpack = UNPACKERS.get(headers["content-encoding"] ?? "");
  const body = bytes === undefined || bytes.length === 0 || unpack === undefined ? bytes : unpacked(bytes, unpack);
  if (body === undefined) return tooLarge();
  if (unpack === undefined) return { kind: "response", url, status: response.statusCode, headers, body: body.toString("utf8") };
  // They speak of the bytes that came, which nobody gets to see.
  const { "content-encoding": _encoding, "content-length": _length, ...rest } = headers;
  return { kind: "response", url, status: response.statusCode, headers: rest, body: body.toString("utf8") };
}

/** Undefined where there are too many (keeps I1). */
async function readBytes({ body }: Dispatcher.ResponseData, topic: TopicWriter | undefined): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > STEP_OUTPUT_BYTES_MAX) return undefined;
    chunks.push(chunk);
    topic?.write(chunk);
  }
  return Buffer.concat(chunks);
}

type Unpack = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** Other encodings stay as they are. */
const UNPACKERS: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["br", brotliDecompressSync],
  ["deflate", inflateSync],
]);

/** Undefined where it is too large when it is unpacked. */
function unpacked(bytes: Buffer, unpack: Unpack): Buffer | undefined {
  try {
    return unpack(bytes, { maxOutputLength: STEP_OUTPUT_BYTES_MAX });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

function tooLarge(): Failed {
  return failure(`the answer is larger than ${String(STEP_OUTPUT_BYTES_MAX)} bytes, which is the most that a step can return`, false);
}

function failure(message: string, isRetryable: boolean): Failed {
  return { kind: "failure", message, isRetryable };
}

/** What no second attempt would change. */
const FINAL: ReadonlySet<string> = new Set(["ERR_INVALID_URL", "UND_ERR_INVALID_ARG", "UND_ERR_HEADERS_OVERFLOW"]);

/** An address that is refused stays refused, and a request that can't be written stays so; everything else may be over in a while. */
function failureOf(error: unknown): GatewayOutcome {
  const refusal = [error, error instanceof Error ? error.cause : undefined].find((each) => each instanceof RefusedAddressError);
  if (refusal !== undefined) return failure(refusal.message, false);
  const { message = "", code = "" } = error as { readonly message?: string; readonly code?: string };
  // The message of this one has the whole address in it.
  const said = code === "ERR_INVALID_URL" ? "the address, or the target of a redirect, is no URL" : message;
  return failure(said === "" ? (code === "" ? "the connection failed" : code) : said, !FINAL.has(code));
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(",") : value;
}
