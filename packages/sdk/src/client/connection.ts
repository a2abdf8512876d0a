/**
 * What an app needs to talk to its server, read from options and environment at one moment. Reading variables costs more than a step's
 * bookkeeping, so the serve handler keeps one of these; all else asks the client for a fresh one.
 */
import { HEADER, type ServerKind } from "@pawl/protocol";
import { SDK_ID } from "../version.ts";
import { callApi } from "./api.ts";
import { filled, parseBoolean, type Environment } from "./environment.ts";
import { resolveApiUrl, resolveEventUrl, resolveMode, type DefaultOrigins, type ModeInput } from "./mode.ts";
import type { PawlOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import type { HttpReply, HttpRequest, Transport } from "./transport.ts";

export type ConnectionInput = {
  readonly options: PawlOptions;
  readonly environment: Environment;
  readonly origins: DefaultOrigins;
  readonly runtime: Runtime;
  readonly transport: () => Transport;
};

/** A request to the API; `path` has no slash in front. */
export type ApiRequest = Pick<HttpRequest, "method" | "body"> & {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export class Connection {
  readonly mode: ServerKind;
  /** Base of the API, with a slash at the end. */
  readonly apiBaseUrl: string;
  /** Base of the Event API, with a slash at the end. */
  readonly eventBaseUrl: string;
  readonly eventKey: string | undefined;
  readonly signingKey: string | undefined;
  readonly signingKeyFallback: string | undefined;
  /** Branch environment. */
  readonly env: string | undefined;
  /** Label of the host. */
  readonly platform: string | undefined;
  /** Whether responses are streamed when the options don't say. */
  readonly isStreaming: boolean;
  /** Headers of all requests to the server. */
  readonly headers: Readonly<Record<string, string>>;
  readonly runtime: Runtime;
  readonly transport: () => Transport;

  constructor(input: ConnectionInput) {
    const { options, environment, origins, runtime, transport } = input;
    const modeInput: ModeInput = { isDev: options.isDev, baseUrl: options.baseUrl, environment, origins };
    this.mode = resolveMode(modeInput);
    this.apiBaseUrl = resolveApiUrl(modeInput);
    this.eventBaseUrl = resolveEventUrl(modeInput);
    this.eventKey = filled(options.eventKey) ?? environment.get("EVENT_KEY");
    this.signingKey = filled(options.signingKey) ?? environment.get("SIGNING_KEY");
    this.signingKeyFallback = filled(options.signingKeyFallback) ?? environment.get("SIGNING_KEY_FALLBACK");
    this.env = filled(options.env) ?? environment.branch();
    this.platform = environment.platform();
    const streaming = environment.get("STREAMING");
    this.isStreaming = parseBoolean(streaming) ?? (streaming === "allow" || streaming === "force");
    this.headers = {
      [HEADER.contentType]: "application/json",
      [HEADER.sdk]: SDK_ID,
      [HEADER.userAgent]: SDK_ID,
      ...(this.env === undefined ? {} : { [HEADER.env]: this.env }),
      ...(this.platform === undefined ? {} : { [HEADER.platform]: this.platform }),
    };
    this.runtime = runtime;
    this.transport = transport;
  }

  /** Makes a request to the API with the signing key, and with the fallback key where the first is refused. */
  callApi(request: ApiRequest): Promise<HttpReply> {
    const { path, headers, method, body } = request;
    return callApi(this, {
      method,
      url: this.apiBaseUrl + path,
      headers: headers === undefined ? this.headers : { ...this.headers, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Logging a connection must not show its keys. */
  toJSON(): string {
    return "[Connection]";
  }
}
