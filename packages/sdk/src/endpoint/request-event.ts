/**
 * The description of a request, from which the server can make it again.
 *
 * I1  The body is text of at most `CALL_BODY_BYTES_MAX`: anything else could not be repeated, and is refused before the handler is entered.
 *
 * Source: wire-protocol 7.4. `accept` is ours: with it, later calls know whether the caller listens to a stream.
 */
import { CALL_BODY_BYTES_MAX } from "@pawl/protocol";
import { type ApiResult, jsonResult } from "./api-result.ts";

/** Name of the event that stands for the request. */
export const REQUEST_EVENT = "inngest/http.request";

export type RequestFacts = {
  readonly domain: string;
  readonly method: string;
  readonly path: string;
  /** Name of the endpoint, where it has one. */
  readonly fn?: string;
  readonly ip: string;
  readonly content_type: string;
  readonly accept: string;
  /** Without `?`. */
  readonly query_params: string;
  readonly body: string;
};

const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** The body as text, and the request as the handler can still read it; or a refusal (keeps I1). */
export async function readBody(request: Request): Promise<{ readonly body: string } | { readonly refusal: ApiResult }> {
  if (BODILESS.has(request.method) || request.body === null) return { body: "" };
  const bytes = await request.clone().arrayBuffer();
  if (bytes.byteLength > CALL_BODY_BYTES_MAX) return { refusal: tooLarge(bytes.byteLength) };
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const message = "The body must be text, because the request is stored. Send a link to the file instead.";
    return { refusal: jsonResult(415, { code: "unsupported_body", message }) };
  }
}

/** The refusal of a body that has, as it would be stored, so many bytes. */
export function tooLarge(bytes: number): ApiResult {
  const message = `The body may have ${CALL_BODY_BYTES_MAX} bytes as it is stored, but has ${bytes}. Send a link to the content instead.`;
  return jsonResult(413, { code: "too_large", message });
}

/** The description. `origin`: where the server reaches the endpoint. */
export function requestFacts(
  request: Request,
  { origin, body, functionId }: { readonly origin: string | undefined; readonly body: string; readonly functionId: string | undefined },
): RequestFacts {
  const url = new URL(request.url);
  const header = (name: string): string => request.headers.get(name) ?? "";
  return {
    domain: origin === undefined ? url.origin : new URL(origin).origin,
    method: request.method,
    path: url.pathname,
    ...(functionId === undefined ? {} : { fn: functionId }),
    ip: header("x-forwarded-for").split(",")[0]?.trim() || header("x-real-ip"),
    content_type: header("content-type"),
    accept: header("accept"),
    query_params: url.search.slice(1),
    body,
  };
}

/** Whether a caller wants a stream. */
export function wantsStream(accept: string): boolean {
  return accept.toLowerCase().includes("text/event-stream");
}
