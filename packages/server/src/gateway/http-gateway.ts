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
import type { GatewayOutcome, GatewayRequest } from "@pawl/engine";
import { STEP_OUTPUT_BYTES_MAX } from "@pawl/protocol";
import { Agent, type Dispatcher } from "undici";
import type { Gateway } from "../ports/gateway.ts";
import { isPrivateHost, PrivateAddressError, publicLookup, refusalOf } from "./address-policy.ts";

const REDIRECTS_MAX = 10;
const REQUEST_MS_MAX = 600_000;
const CONNECT_MS_MAX = 10_000;

export type HttpGatewayOptions = {
  /** Whether addresses of this machine and of private networks may be reached. */
  readonly allowPrivateAddresses: boolean;
  /** Milliseconds. Default 600,000. */
  readonly timeoutMs?: number;
};

/** Opens one with connections of its own. */
export function httpGateway({ allowPrivateAddresses, timeoutMs = REQUEST_MS_MAX }: HttpGatewayOptions): Gateway {
  const agent = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 5_000,
    connect: { timeout: CONNECT_MS_MAX, ...(allowPrivateAddresses ? {} : { lookup: publicLookup }) },
  });
  return {
    request: async (request, signal) => {
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        return await send(agent, request, { signal: AbortSignal.any([signal, limit]), allowPrivateAddresses });
      } catch (error) {
        if (limit.aborted) return failure(`no answer within ${String(timeoutMs / 1_000)} s`, true);
        return failureOf(error);
      }
    },
    close: () => agent.destroy(),
  };
}

type SendOptions = { readonly signal: AbortSignal; readonly allowPrivateAddresses: boolean };

async function send(agent: Agent, request: GatewayRequest, { signal, allowPrivateAddresses }: SendOptions): Promise<GatewayOutcome> {
  let next = request;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const { protocol, hostname, origin, pathname, search } = new URL(next.url);
    if (protocol !== "http:" && protocol !== "https:") return failure(`${protocol}// can't be requested, only http:// and https://`, false);
    if (!allowPrivateAddresses && isPrivateHost(hostname)) return failure(refusalOf(hostname), false);
    const response = await agent.request({
      origin,
      path: pathname + search,
      method: next.method as Dispatcher.HttpMethod,
      headers: { "accept-encoding": "gzip, br", ...next.headers },
      signal,
      ...(next.body === undefined ? {} : { body: next.body }),
    });
    const target = redirectOf(next, response);
    if (target === undefined) return read(next.url, response);
    await response.body.dump();
    next = target;
  }
  return failure(`more than ${String(REDIRECTS_MAX)} redirects; the last target was ${next.url}`, false);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie", "x-api-key", "proxy-authorization"]);

/** The request that a redirect asks for, as browsers read it; undefined where the answer is none. */
function redirectOf(request: GatewayRequest, { statusCode, headers }: Dispatcher.ResponseData): GatewayRequest | undefined {
  const location = textOf(headers["location"]);
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined;
  const url = new URL(location, request.url);
  const isSame = url.origin === new URL(request.url).origin;
  const kept = isSame ? request.headers : Object.fromEntries(Object.entries(request.headers).filter(([name]) => !CREDENTIALS.has(name)));
  const becomesGet = statusCode === 303 || ((statusCode === 301 || statusCode === 302) && request.method === "POST");
  if (!becomesGet) return { ...request, url: url.href, headers: kept };
  const { "content-type": _, ...headersOfGet } = kept;
  return { method: request.method === "HEAD" ? "HEAD" : "GET", url: url.href, headers: headersOfGet };
}

async function read(url: string, response: Dispatcher.ResponseData): Promise<GatewayOutcome> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > STEP_OUTPUT_BYTES_MAX) {
      response.body.destroy();
      return tooLarge();
    }
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name.toLowerCase()] = textOf(value) ?? "";
  const body = decoded(Buffer.concat(chunks), headers["content-encoding"]);
  if (body === undefined) return tooLarge();
  return { kind: "response", url, status: response.statusCode, headers, body };
}

/** Undefined where it is too large when it is unpacked. Unknown encodings stay as they are. */
function decoded(body: Buffer, encoding: string | undefined): string | undefined {
  const limit = { maxOutputLength: STEP_OUTPUT_BYTES_MAX };
  try {
    if (encoding === "gzip") return gunzipSync(body, limit).toString("utf8");
    if (encoding === "br") return brotliDecompressSync(body, limit).toString("utf8");
    if (encoding === "deflate") return inflateSync(body, limit).toString("utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
  }
  return body.toString("utf8");
}

function tooLarge(): GatewayOutcome {
  return failure(`the answer is larger than ${String(STEP_OUTPUT_BYTES_MAX)} bytes, which is the most that a step can return`, false);
}

function failure(message: string, isRetryable: boolean): GatewayOutcome {
  return { kind: "failure", message, isRetryable };
}

/** An address that is refused stays refused; everything else may be over in a while. */
function failureOf(error: unknown): GatewayOutcome {
  const refusal = [error, error instanceof Error ? error.cause : undefined].find((each) => each instanceof PrivateAddressError);
  if (refusal !== undefined) return failure(refusal.message, false);
  const { message = "", code } = error as { readonly message?: string; readonly code?: string };
  return failure(message === "" ? (code ?? "the connection failed") : message, true);
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(",") : value;
}
