/**
 * `step.fetch`: from the arguments of `fetch` to the op's options, and from the stored answer to a `Response`.
 *
 * I1  Where the body is at hand (none, text, a form's parameters), nothing asynchronous happens: steps keep the order of their calls.
 * I2  Bodies are text, there and back. The signal, cache, mode and credentials of a request mean nothing for one that a server makes.
 *
 * Source: sdk 7, wire-protocol 6.14.
 */

export type FetchTarget = string | URL | Request;

/** `opts` of the op. */
export type FetchOptions = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type FetchRequest = { readonly hostname: string; readonly options: FetchOptions | Promise<FetchOptions> };

/** Reads the arguments. Throws for a URL or headers that are none. */
export function readFetch(input: FetchTarget, init: RequestInit = {}): FetchRequest {
  const known = input instanceof Request ? input : undefined;
  const url = new URL(known?.url ?? (input as string | URL));
  const { body } = init;
  const isAtHand = body === undefined || body === null ? known === undefined || known.body === null : isText(body);
  if (!isAtHand) return { hostname: url.hostname, options: readBody(new Request(known ?? url, { ...init, ...HALF })) };
  const headers = new Headers(init.headers ?? known?.headers);
  if (isText(body) && !headers.has("content-type")) headers.set("content-type", typeof body === "string" ? TEXT : FORM);
  return {
    hostname: url.hostname,
    options: {
      url: url.href,
      method: (init.method ?? known?.method ?? "GET").toUpperCase(),
      headers: Object.fromEntries(headers),
      ...(isText(body) ? { body: body.toString() } : {}),
    },
  };
}

/** A stored answer. */
export function toResponse(value: unknown): Response {
  const {
    url = "",
    body = "",
    headers = {},
    status_code: status,
  } = value as Partial<Omit<FetchOptions, "method">> & { status_code: number };
  // A body must not come with these statuses, and others can't be given to the constructor, says the Fetch standard.
  const isEmpty = status === 204 || status === 205 || status === 304;
  const isKnown = status >= 200 && status <= 599;
  const response = new Response(isEmpty ? null : body, { status: isKnown ? status : 200, headers });
  const odd = isKnown ? {} : { status: { value: status }, ok: { value: false } };
  return Object.defineProperties(response, { url: { value: url }, ...odd });
}

/** What the Fetch standard says of bodies without a type. */
const TEXT = "text/plain;charset=UTF-8";
const FORM = "application/x-www-form-urlencoded;charset=UTF-8";

/** Streams are sent without waiting for an answer; they are refused unless it is said. */
const HALF: object = { duplex: "half" };

function isText(body: unknown): body is string | URLSearchParams {
  return typeof body === "string" || body instanceof URLSearchParams;
}

async function readBody(request: Request): Promise<FetchOptions> {
  const { url, method, headers } = request;
  return { url, method, headers: Object.fromEntries(headers), body: await request.text() };
}
