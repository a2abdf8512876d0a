/**
 * Options of durable endpoints.
 *
 * Source: sdk 19.
 */
import { RETRIES_MAX } from "@pawl/protocol";
import type { BaseContext } from "../function/context.ts";
import type { StreamTools } from "./stream.ts";

/** What a caller needs to ask for the answer later. */
export type AsyncRun = { readonly runId: string; readonly token: string };

export type EndpointOptions = {
  /**
   * Name of the endpoint at the server. Default: method and path. Needed where paths have parameters: otherwise `/users/7` and `/users/8` are
   * two endpoints.
   */
  readonly functionId?: string;
  /** Retries of a step, and of the handler, after the first attempt. Default: 4. At most 20. */
  readonly retries?: number;
  /**
   * What the caller gets when the run goes on without it: `redirect`, an HTTP redirect to where the answer will be; `token`, the JSON
   * `{run_id, token}`. Default: `redirect`.
   */
  readonly asyncResponse?: "redirect" | "token";
  /**
   * Where callers are redirected to, such as the path of `endpointProxy()`: a text gets the query parameters `runId` and `token`. Relative ones
   * count from the endpoint. Default: the server itself. Needed where the client encrypts: then only the app can open answers.
   */
  readonly asyncRedirectUrl?: string | ((run: AsyncRun) => string);
  /**
   * What happens when the server can't be reached. `refuse`: the caller gets 503 and no further step runs. `continue`: the request is served
   * without being durable, as far as it needs no server. Default: `refuse`.
   */
  readonly whenUnreachable?: "refuse" | "continue";
  /** Origin at which the server reaches the endpoint. Default: `PAWL_SERVE_ORIGIN`, else that of the request. */
  readonly origin?: string;
};

/** What a handler gets beside the request. */
export type EndpointContext = Omit<BaseContext, "defer" | "requestId" | "jobId" | "attempt" | "maxAttempts"> & {
  /** Sends to the caller while the handler works. */
  readonly stream: StreamTools;
  /** What the framework passes after the request. In later requests, which come from the server, it is what the framework passes then. */
  readonly args: readonly unknown[];
};

/** Code of a durable endpoint. It is called again from its start after waits and failures; what must happen once belongs into steps. */
export type EndpointHandler<R extends Request = Request> = (request: R, context: EndpointContext) => Response | Promise<Response>;

/** A durable endpoint, for any framework whose handlers take a `Request`. */
export type Endpoint<R extends Request = Request> = (request: R, ...args: unknown[]) => Promise<Response>;

/** Defaults of a client's endpoints: `new Pawl({ id, endpointAdapter: endpointAdapter.withOptions({ … }) })`. */
export type EndpointAdapter = {
  /** Label of the framework, for people. */
  readonly framework: string;
  readonly options: EndpointOptions;
  /** The same with other options; those that are not given stay. */
  withOptions(options: EndpointOptions): EndpointAdapter;
};

/** An adapter. */
export function makeEndpointAdapter(framework: string, options: EndpointOptions = {}): EndpointAdapter {
  checkEndpointOptions(options);
  return { framework, options, withOptions: (more) => makeEndpointAdapter(framework, { ...options, ...more }) };
}

/** Throws a TypeError or RangeError at the first option that can't be right. */
export function checkEndpointOptions({ functionId, retries, asyncResponse, whenUnreachable, origin }: EndpointOptions): void {
  if (functionId !== undefined && (typeof functionId !== "string" || functionId.trim() === ""))
    throw new TypeError("endpoint: `functionId` must be a non-empty string.");
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0 && retries <= RETRIES_MAX))
    throw new RangeError(`endpoint: \`retries\` must be a whole number from 0 to ${RETRIES_MAX}, not ${String(retries)}.`);
  if (asyncResponse !== undefined && asyncResponse !== "redirect" && asyncResponse !== "token")
    throw new TypeError('endpoint: `asyncResponse` must be "redirect" or "token".');
  if (whenUnreachable !== undefined && whenUnreachable !== "refuse" && whenUnreachable !== "continue")
    throw new TypeError('endpoint: `whenUnreachable` must be "refuse" or "continue".');
  if (origin !== undefined && !(URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol)))
    throw new TypeError("endpoint: `origin` must be an absolute http or https URL.");
}
