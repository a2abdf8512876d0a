/**
 * The client: who the app is, where its server is, and the place where functions are made.
 *
 * Source: sdk 2.
 */
import { HEADER, type ServerKind } from "@pawl/protocol";
import { createEndpoint } from "../endpoint/endpoint.ts";
import type { Endpoint, EndpointHandler, EndpointOptions } from "../endpoint/options.ts";
import { createEndpointProxy } from "../endpoint/proxy.ts";
import { sendEvents } from "../event/send.ts";
import type { EventTypes, SendableEvent } from "../event/event-type.ts";
import { checkOptions } from "../function/check.ts";
import type { Handler } from "../function/context.ts";
import { PawlFunction, type AnyFunction, type AnyHandler } from "../function/function.ts";
import type { AnyFunctionOptions, FunctionOptions } from "../function/options.ts";
import type { Any } from "../json/any.ts";
import { consoleLogger, type Logger } from "../logger.ts";
import { traceHeaders } from "../run/current-trace.ts";
import { RealtimeTools } from "../realtime/tools.ts";
import type { InvokeInput, Triggers } from "../trigger/trigger.ts";
import { Connection } from "./connection.ts";
import { Environment, processVariables, type Variables } from "./environment.ts";
import { LOCAL_ORIGINS, type DefaultOrigins } from "./mode.ts";
import type { PawlOptions } from "./options.ts";
import { systemRuntime, type Runtime } from "./runtime.ts";
import { defaultTransport, fetchTransport, type Transport } from "./transport.ts";

/** Key used in dev mode when there is none. */
const DEV_EVENT_KEY = "NO_EVENT_KEY_SET";

/** An app of durable functions. */
export class Pawl<const E extends EventTypes = EventTypes> {
  readonly id: string;
  readonly options: PawlOptions<E>;
  readonly logger: Logger;
  readonly environment: Environment;
  readonly runtime: Runtime;
  /** Publishing, tokens and subscriptions. */
  readonly realtime: RealtimeTools;
  private readonly created: AnyFunction[] = [];
  private readonly customTransport: Transport | undefined;
  private variables: Variables | undefined;
  private variablesCount = 0;

  /** Throws a TypeError without an `id`. Missing keys are no error here: some hosts hand them out with the first request. */
  constructor(options: PawlOptions<E>) {
    if (typeof options?.id !== "string" || options.id.trim() === "")
      throw new TypeError("new Pawl: expected options with a non-empty `id`.");
    this.id = options.id;
    this.options = options;
    this.logger = options.logger ?? consoleLogger();
    this.environment = new Environment(() => this.variables ?? processVariables());
    this.runtime = { ...systemRuntime, ...options.runtime };
    this.realtime = new RealtimeTools(this);
    this.customTransport = options.transport ?? (options.fetch === undefined ? undefined : fetchTransport(options.fetch));
  }

  /** Functions made by this client so far. */
  get functions(): readonly AnyFunction[] {
    return this.created;
  }

  /** `dev` or `cloud`; see `isDev`. */
  get mode(): ServerKind {
    return this.connect().mode;
  }

  /** Keys, addresses and mode as they are now. */
  connect(): Connection {
    const { environment, runtime, transport } = this;
    return new Connection({ options: this.options, environment, origins: this.defaultOrigins(), runtime, transport });
  }

  /** Sets the environment variables, on platforms that hand them out with each request. */
  setEnvVars(variables: Variables): void {
    if (this.variables === variables) return;
    this.variables = variables;
    this.variablesCount += 1;
  }

  /** Grows when the environment variables are replaced. */
  get variablesVersion(): number {
    return this.variablesCount;
  }

  /**
   * Makes a durable function. Throws a TypeError or RangeError that names the option when the options can't be right.
   *
   * The handler is called again and again from its start; what must happen once belongs into steps.
   */
  createFunction<const T extends Triggers<E> | undefined = undefined, R = unknown>(
    options: FunctionOptions<E, T>,
    handler: Handler<E, T, R>,
  ): PawlFunction<InvokeInput<E, T>, Awaited<R>>;
  /** The same with the trigger, or a list of them, as second argument. */
  createFunction<const T extends Triggers<E>, R = unknown>(
    options: Omit<FunctionOptions<E, T>, "triggers">,
    trigger: T,
    handler: Handler<E, T, R>,
  ): PawlFunction<InvokeInput<E, T>, Awaited<R>>;
  createFunction(options: Any, ...rest: unknown[]): AnyFunction {
    const [trigger, handler] = rest.length > 1 ? rest : [undefined, rest[0]];
    if (typeof handler !== "function") {
      throw new TypeError(`createFunction: expected (options, handler) or (options, trigger, handler); the last argument is no function.`);
    }
    const merged: AnyFunctionOptions = trigger === undefined ? options : { ...options, triggers: trigger };
    checkOptions(merged);
    const fn = new PawlFunction(this.id, merged, handler as AnyHandler);
    this.register(fn);
    return fn;
  }

  /** Takes in a function that was made by other means than `createFunction`. */
  register(fn: AnyFunction): void {
    this.created.push(fn);
  }

  /**
   * Makes an ordinary HTTP handler durable: its steps are remembered, and a request that has to wait goes on without its caller, who is
   * redirected to where the answer will be. For frameworks whose handlers take a `Request`; `serveEndpoint` of `pawl/node` is for the others.
   *
   * @param options Default: those of the client's `endpointAdapter`. Throws a TypeError or RangeError when they can't be right.
   */
  endpoint<R extends Request = Request>(handler: EndpointHandler<R>, options?: EndpointOptions): Endpoint<R> {
    return createEndpoint(this, handler, options);
  }

  /** Handler that answers `?runId=…&token=…` with what the run of an endpoint ends with: a target for `asyncRedirectUrl`. */
  endpointProxy(): (request: Request) => Promise<Response> {
    return createEndpointProxy(this);
  }

  /**
   * Sends one or several events and resolves to their ids. From inside a run, runs that they start are linked to it. Network errors and 5xx are retried 4 times; that can't send twice. Rejects when
   * the server refuses an event, or data doesn't fit its schema.
   */
  async send(events: SendableEvent<E> | readonly SendableEvent<E>[], options?: { readonly env?: string }): Promise<{ ids: string[] }> {
    const list = (Array.isArray(events) ? events : [events]) as readonly { readonly name: string }[];
    const connection = this.connect();
    const key = connection.eventKey ?? (connection.mode === "dev" ? DEV_EVENT_KEY : undefined);
    if (key === undefined)
      throw new Error("send: there is no event key. Set `eventKey` or PAWL_EVENT_KEY, or PAWL_DEV=1 for a local server.");
    const headers = { ...connection.headers, ...(options?.env === undefined ? {} : { [HEADER.env]: options.env }), ...traceHeaders() };
    const url = `${connection.eventBaseUrl}e/${encodeURIComponent(key)}`;
    const { events: types = [], encryption } = this.options;
    return sendEvents({ runtime: this.runtime, transport: this.transport(), url, headers, types, sealData: encryption?.sealData }, list);
  }

  /** Sends a signal to the run that waits for it; `runId` is that run's. */
  async sendSignal(signal: { readonly signal: string; readonly data?: unknown }): Promise<{ runId?: string }> {
    const reply = await this.connect().callApi({ method: "POST", path: "v1/signals", body: JSON.stringify(signal) });
    if (reply.status === 404) return {};
    if (reply.status >= 300) throw new Error(`Signal "${signal.signal}" was not sent (HTTP ${reply.status}: ${reply.body.slice(0, 500)}).`);
    const answer = JSON.parse(reply.body || "{}") as { run_id?: string; data?: { run_id?: string } };
    const runId = answer.data?.run_id ?? answer.run_id;
    return runId === undefined ? {} : { runId };
  }

  /** Servers of cloud mode when no address is set. */
  protected defaultOrigins(): DefaultOrigins {
    return LOCAL_ORIGINS;
  }

  private readonly transport = (): Transport => this.customTransport ?? defaultTransport();
}

/** Any client. */
export type AnyPawl = Pawl<Any>;
