/**
 * The app as HTTP endpoint, independent of frameworks: introspection (GET), sync (PUT), calls and probes (POST).
 *
 * I1  In cloud mode nothing runs without a valid signature, and a refused request learns nothing about the app.
 * I2  Every response to a verified request is signed with the key that verified it.
 *
 * Source: wire-protocol 2.2, 3, 4.9, 4.10, 5; sdk 15.
 */
import { DISCOVERY_STEP_ID, HEADER, QUERY } from "@pawl/protocol";
import type { Connection } from "../client/connection.ts";
import { serializeError } from "../error/serialize-error.ts";
import type { AnyFunction } from "../function/function.ts";
import { traceOf } from "../run/current-trace.ts";
import { replyOf } from "../run/outcome.ts";
import { executeCall, type Callable } from "./call.ts";
import { callablesOf } from "./callables.ts";
import { httpSave } from "./checkpoint.ts";
import { completeCall, readCall, requestVersion } from "./read-call.ts";
import { privateFacts, publicFacts, type AppFacts } from "./introspection.ts";
import type { AppRequest, AppResponse, StreamingResponse } from "./message.ts";
import type { AdapterOptions, ServeOptions } from "./options.ts";
import { signBody, verifySignature } from "./signature.ts";
import { readSyncTarget, syncInBand, syncOutOfBand, type SyncInput } from "./sync.ts";

type Draft = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown };

/** A request with what is known about it. */
type Exchange = { readonly request: AppRequest; readonly connection: Connection; readonly body: unknown; readonly key: string | undefined };

export class App {
  private readonly options: ServeOptions;
  private readonly framework: string;
  private callables: ReadonlyMap<string, Callable> | undefined;
  private known: { readonly connection: Connection; readonly variables: number } | undefined;

  /** Throws a TypeError when the options can't be right, or two functions share an id. */
  constructor(options: ServeOptions, adapter: AdapterOptions) {
    if (typeof options?.client !== "object" || options.client === null) throw new TypeError("serve: expected options with a `client`.");
    if (options.functions !== undefined && !Array.isArray(options.functions)) throw new TypeError("serve: `functions` must be a list.");
    this.options = options;
    this.framework = adapter.framework;
    if (options.functions !== undefined) this.callables = callablesOf(options.functions);
  }

  /** Answers a request. Never rejects. */
  async handle(request: AppRequest): Promise<AppResponse> {
    const connection = this.connection();
    try {
      return await this.dispatch(request, connection);
    } catch (error) {
      this.options.client.logger.error("The request could not be answered.", error);
      return this.finish({ request, connection, body: undefined, key: undefined }, { status: 500, body: internalError(error) });
    }
  }

  /** As `handle`, but a call is answered with its head at once when streaming is on. */
  async handleStreaming(request: AppRequest): Promise<AppResponse | StreamingResponse> {
    const connection = this.connection();
    if (request.method !== "POST" || !this.isStreaming(connection) || request.url.searchParams.has(QUERY.probe))
      return this.handle(request);
    const headers = this.baseHeaders(request, connection);
    return { status: 201, headers, stream: this.handle(request).then((response) => JSON.stringify(response)) };
  }

  private isStreaming(connection: Connection): boolean {
    return this.options.streaming ?? connection.isStreaming;
  }

  private async dispatch(request: AppRequest, connection: Connection): Promise<AppResponse> {
    if (connection.mode === "cloud" && connection.signingKey === undefined) return this.refuseWithoutKey(request, connection);
    if (request.method !== "GET" && request.method !== "PUT" && request.method !== "POST") {
      return this.finish(
        { request, connection, body: undefined, key: undefined },
        { status: 405, body: { message: "Method not allowed" } },
      );
    }
    const body = request.method === "GET" ? undefined : await request.body();
    const key = await this.verify(request, { connection, body });
    const exchange: Exchange = { request, connection, body, key };
    if (request.method === "PUT") return this.sync(exchange);
    if (!this.isTrusted(exchange)) return unauthorized();
    return request.method === "GET" ? this.introspect(exchange) : this.post(exchange);
  }

  private refuseWithoutKey(request: AppRequest, connection: Connection): Promise<AppResponse> {
    this.options.client.logger.error(
      "There is no signing key, so no request can be trusted. Set PAWL_DEV=1 to work with a local server, or PAWL_SIGNING_KEY in production.",
    );
    const draft = { status: 500, body: { code: "internal_server_error" } };
    return this.finish({ request, connection, body: undefined, key: undefined }, draft);
  }

  private async verify(
    request: AppRequest,
    input: { readonly connection: Connection; readonly body: unknown },
  ): Promise<string | undefined> {
    const { connection, body } = input;
    if (connection.mode === "dev") return undefined;
    const keys = [connection.signingKey, connection.signingKeyFallback];
    return verifySignature({ header: request.header(HEADER.signature), body, keys, now: connection.runtime.now() });
  }

  /** Keeps I1. */
  private isTrusted(exchange: Exchange): boolean {
    return exchange.connection.mode === "dev" || exchange.key !== undefined;
  }

  private async introspect(exchange: Exchange): Promise<AppResponse> {
    const facts = this.facts(exchange.connection);
    return this.finish(exchange, { status: 200, body: exchange.key === undefined ? publicFacts(facts) : await privateFacts(facts) });
  }

  private async sync(exchange: Exchange): Promise<AppResponse> {
    const { request, connection, body } = exchange;
    const { client } = this.options;
    const input: SyncInput = { facts: this.facts(connection), appVersion: client.options.appVersion, functions: this.functions(), request };
    const isInBandAllowed = client.environment.boolean("ALLOW_IN_BAND_SYNC") ?? true;
    if (isInBandAllowed && request.header(HEADER.syncKind) === "in_band") {
      if (!this.isTrusted(exchange)) return unauthorized();
      const target = readSyncTarget(body);
      if (target === undefined) {
        return this.finish(exchange, {
          status: 400,
          body: { code: "invalid_request", message: 'Expected a body of the form {"url": "<absolute URL>"}.' },
        });
      }
      return this.finish(exchange, await syncInBand(input, target));
    }
    const isOpen = this.options.enableUnauthedSync ?? client.environment.boolean("ENABLE_UNAUTHED_SYNC") ?? true;
    if (!isOpen && !this.isTrusted(exchange)) return unauthorized();
    return this.finish(exchange, await syncOutOfBand(input));
  }

  private async post(exchange: Exchange): Promise<AppResponse> {
    const { request, body, connection } = exchange;
    const probe = request.url.searchParams.get(QUERY.probe);
    if (probe === "trust") return this.finish(exchange, { status: 200, body: "" });
    if (probe !== null) return this.finish(exchange, { status: 400, body: serializeError(new Error(`Unknown probe "${probe}"`)) });
    if (body === undefined || body === "") {
      if (connection.mode === "cloud") return unauthorized();
      throw new Error("The request has no body. Is a body parser missing in front of the handler, or did one consume the body?");
    }
    return this.call(exchange);
  }

  private async call(exchange: Exchange): Promise<AppResponse> {
    const { request, connection } = exchange;
    const { client } = this.options;
    const startedAt = connection.runtime.now();
    const slug = request.url.searchParams.get(QUERY.functionSlug) ?? "";
    const callable = this.callable(slug);
    const call = await completeCall(readCall(exchange.body), connection);
    const asked = numberOf(request.header(HEADER.reqVersion));
    const version = requestVersion(asked === undefined || asked === -1 ? call.version : asked, { client, callable });
    const requestId = request.header(HEADER.requestId);
    const generationId = numberOf(request.header(HEADER.generationId)) ?? call.ctx.generation_id ?? 0;
    const outcome = await executeCall({
      client,
      callable,
      request: call,
      stepId: request.url.searchParams.get(QUERY.stepId) ?? request.header(HEADER.stepId) ?? DISCOVERY_STEP_ID,
      requestId,
      jobId: request.header(HEADER.jobId),
      trace: traceOf((name) => request.header(name)),
      save: call.ctx.fn_id === "" ? undefined : httpSave(connection, { ctx: call.ctx, requestId, generationId, startedAt }),
    });
    const { status, headers, body } = replyOf(outcome);
    return this.finish(exchange, { status, headers: { ...headers, [HEADER.reqVersion]: String(version) }, body });
  }

  private callable(slug: string): Callable {
    this.callables ??= callablesOf(this.options.client.functions);
    // Functions may be made after the first request when none were listed.
    if (!this.callables.has(slug) && this.options.functions === undefined) this.callables = callablesOf(this.options.client.functions);
    const callable = this.callables.get(slug);
    if (callable !== undefined) return callable;
    throw new Error(
      `There is no function "${slug}" in app "${this.options.client.id}". Was it removed, or is the app not synced since it was renamed?`,
    );
  }

  private functions(): readonly AnyFunction[] {
    return this.options.functions ?? this.options.client.functions;
  }

  private facts(connection: Connection): AppFacts {
    const { client, serveOrigin, servePath } = this.options;
    const { environment } = client;
    return {
      appId: client.id,
      connection,
      framework: this.framework,
      functionCount: this.functions().length,
      serveOrigin: serveOrigin ?? environment.get("SERVE_ORIGIN") ?? environment.get("SERVE_HOST"),
      servePath: servePath ?? environment.get("SERVE_PATH"),
      isStreaming: this.isStreaming(connection),
    };
  }

  /** Read once; anew when the platform has handed out other variables. */
  private connection(): Connection {
    const variables = this.options.client.variablesVersion;
    if (this.known?.variables !== variables) this.known = { connection: this.options.client.connect(), variables };
    return this.known.connection;
  }

  private baseHeaders(request: AppRequest, connection: Connection): Record<string, string> {
    const headers: Record<string, string> = {
      ...connection.headers,
      [HEADER.sdkHandled]: "true",
      [HEADER.framework]: this.framework,
    };
    const serverKind = request.header(HEADER.serverKind);
    if (serverKind !== undefined) headers[HEADER.expectedServerKind] = serverKind;
    for (const name of [HEADER.traceparent, HEADER.tracestate]) {
      const value = request.header(name);
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  }

  /** Adds what all responses have (keeps I2). */
  private async finish(exchange: Exchange, draft: Draft): Promise<AppResponse> {
    const { request, connection, key } = exchange;
    const body = typeof draft.body === "string" ? draft.body : JSON.stringify(draft.body);
    const headers = this.baseHeaders(request, connection);
    Object.assign(headers, draft.headers);
    if (key !== undefined) headers[HEADER.signature] = await signBody(body, key, connection.runtime.now());
    return { status: draft.status, headers, body };
  }
}

/** Says nothing about the app (keeps I1). */
function unauthorized(): AppResponse {
  const headers = { [HEADER.contentType]: "application/json", [HEADER.sdkHandled]: "true" };
  return { status: 401, headers, body: JSON.stringify({ message: "Unauthorized" }) };
}

function internalError(error: unknown): object {
  return { type: "internal", ...serializeError(error) };
}

function numberOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const value = Number(header);
  return Number.isFinite(value) ? value : undefined;
}
