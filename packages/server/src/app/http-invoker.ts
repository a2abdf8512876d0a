/**
 * Calls apps by HTTP, on connections that are kept open.
 *
 * I1  A body is read up to the protocol's limit and no further.
 * I2  Each connection, that of a redirect too, is made by the policy for addresses.
 * I3  Every failure of the transport is a value with a code and a sentence that says what to check.
 *
 * `undici.request`, because global `fetch` takes seven times as much CPU for the same call (2 shared cores, 2026-11-22: 317 µs and 46 µs).
 *
 * Spec: wire 5.1; semantics 4.1, 4.2.
 */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { RawReply } from "@pawl/engine";
import { CALL_MS_MAX, REDIRECTS_PER_CALL_MAX, RESPONSE_BYTES_MAX } from "@pawl/protocol";
import { Agent, type Dispatcher } from "undici";
import { type AddressPolicy, connectorOf, RefusedAddressError } from "../net/address-policy.ts";
import type { AppCall, Invoker } from "../ports/invoker.ts";

/** Connections to one app. More calls than this at once wait for a connection. */
const CONNECTIONS_MAX = 256;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** An invoker that keeps its own connections. `policy`: which addresses apps may have. Default: any. */
export function httpInvoker(policy?: AddressPolicy): Invoker {
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    headersTimeout: CALL_MS_MAX + 5_000,
    bodyTimeout: CALL_MS_MAX + 5_000,
    connect: connectorOf(policy, 15_000),
  });
  return { call: (call) => send(agent, call), close: () => agent.destroy() };
}

async function send(agent: Agent, call: AppCall): Promise<RawReply> {
  let url = call.url;
  try {
    for (let redirects = 0; redirects <= REDIRECTS_PER_CALL_MAX; redirects++) {
      const { origin, pathname, search } = new URL(url);
      const response = await agent.request({
        origin,
        path: pathname + search,
        method: (call.method ?? "POST") as Dispatcher.HttpMethod,
        headers: call.headers,
        body: call.body === "" ? null : call.body,
        signal: call.signal,
      });
      const location = textOf(response.headers["location"]);
      if (!REDIRECTS.has(response.statusCode) || location === undefined) return await read(response);
      await response.body.dump();
      url = redirected(url, location);
    }
    return {
      kind: "no-response",
      code: "too_many_redirects",
      message: `The app redirected more than ${REDIRECTS_PER_CALL_MAX} times; the last target was ${url}.`,
    };
  } catch (error) {
    return failureOf(error, url);
  }
}

async function read(response: Dispatcher.ResponseData): Promise<RawReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > RESPONSE_BYTES_MAX) {
      response.body.destroy();
      return tooLarge();
    }
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = textOf(value) ?? "";
  const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const body = decode(whole, headers["content-encoding"]?.trim().toLowerCase());
  if (typeof body !== "string") return body;
  return { kind: "response", status: response.statusCode, headers, body };
}

function decode(body: Buffer, encoding: string | undefined): string | RawReply {
  if (encoding === undefined || encoding === "" || encoding === "identity") return body.toString("utf8");
  try {
    if (encoding === "gzip") return gunzipSync(body, { maxOutputLength: RESPONSE_BYTES_MAX }).toString("utf8");
    if (encoding === "br") return brotliDecompressSync(body, { maxOutputLength: RESPONSE_BYTES_MAX }).toString("utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return tooLarge();
    return {
      kind: "no-response",
      code: "http_not_ok",
      message: `The app's answer says it is ${encoding}, but can't be decoded: ${String(error)}.`,
    };
  }
  return {
    kind: "no-response",
    code: "http_not_ok",
    message: `The app's answer has the content encoding ${encoding}; only gzip and br are understood.`,
  };
}

/** The target of a redirect keeps the query of the call, or the app would not know what it is called for. */
function redirected(from: string, location: string): string {
  const target = new URL(location, from);
  for (const [name, value] of new URL(from).searchParams) if (!target.searchParams.has(name)) target.searchParams.set(name, value);
  return target.href;
}

function failureOf(error: unknown, url: string): RawReply {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string };
  const { host } = new URL(url);
  if (error instanceof RefusedAddressError)
    return { kind: "no-response", code: "address_refused", message: `The app at ${host} is not called: ${message}.` };
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET") {
    return {
      kind: "no-response",
      code: "http_unreachable",
      message: `The app at ${host} closed the connection before it had answered (${message}). It may have crashed or been restarted.`,
    };
  }
  return {
    kind: "no-response",
    code: "http_unreachable",
    message: `Unable to reach the app at ${host}: ${message}. Check that it is running and that its URL is right.`,
  };
}

function tooLarge(): RawReply {
  return {
    kind: "no-response",
    code: "output_too_large",
    message: `Your function's response body exceeds the maximum size limit of ${RESPONSE_BYTES_MAX} bytes.`,
  };
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(", ") : value;
}
