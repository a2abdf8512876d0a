/**
 * A server: an engine, the apps it talks to, and the HTTP API.
 *
 * The caller opens the store and closes it after `stop`.
 */
import type { FastifyInstance } from "fastify";
import type { Store } from "@pawl/store";
import type { ServerKind } from "@pawl/protocol";
import { AppSync } from "./app/app-sync.ts";
import { httpInvoker } from "./app/http-invoker.ts";
import { Connect } from "./connect/connect.ts";
import { handOver, takeOver } from "./connect/handover.ts";
import { connectRoutes } from "./connect/connect-routes.ts";
import { type GatewayPort, openGatewayPort } from "./connect/gateway-port.ts";
import { Engine, type EngineOptions } from "./core/engine.ts";
import { httpGateway } from "./gateway/http-gateway.ts";
import { topicOpener } from "./gateway/publish-answer.ts";
import type { ServerContext } from "./http/context.ts";
import { syncRunRoutes } from "./http/checkpoint-api/sync-run-routes.ts";
import { createHttpServer } from "./http/http-server.ts";
import { Readiness, readyRoutes } from "./http/readiness.ts";
import { given } from "./json.ts";
import { mcpRoutes } from "./mcp/mcp-routes.ts";
import { Metrics } from "./metrics/metrics.ts";
import { metricsRoutes } from "./metrics/metrics-routes.ts";
import { type AddressPolicy, NO_METADATA, PUBLIC_FOR_APPS } from "./net/address-policy.ts";
import { readTrustedProxies } from "./net/client-address.ts";
import { systemClock } from "./ports/clock.ts";
import type { Invoker } from "./ports/invoker.ts";
import { type Logger, silentLogger } from "./ports/logger.ts";
import { systemRandom } from "./ports/random.ts";
import { openSecrets } from "./ports/secrets.ts";
import { Realtime } from "./realtime/realtime.ts";
import { realtimeRoutes } from "./realtime/realtime-routes.ts";
import { publishRuns } from "./realtime/run-messages.ts";
import { sendTracesTo } from "./tracing/send-traces.ts";
import { TraceExporter } from "./tracing/trace-exporter.ts";

export type ServerOptions = {
  readonly store: Store;
  /** `dev`: open to anyone who reaches it, so it belongs on loopback. `cloud`: keys are needed. Default `dev`. */
  readonly kind?: ServerKind;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 takes a free one. Default 8288. */
  readonly port?: number;
  /** Another port, for workers alone; 0 takes a free one. Default: workers come to `port`. */
  readonly connectPort?: number;
  /** Whether other servers share the store, behind the same address: workers go to them when this one stops. Default false. */
  readonly hasPeers?: boolean;
  /** Accepted event keys. None: any key is accepted (`dev`) or none (`cloud`). */
  readonly eventKeys?: readonly string[];
  /** Bare hexadecimal, or with a `signkey-…-` prefix. Signs calls and protects the management API. */
  readonly signingKey?: string;
  /** Another one that is accepted, while keys are rotated. */
  readonly signingKeyFallback?: string;
  /** File in which generated secrets are kept. Default: they live as long as the server, and so do the tokens signed with them. */
  readonly secretsPath?: string;
  /** URLs of apps to register at start. */
  readonly appUrls?: readonly string[];
  /** Whether to look for apps on the usual loopback ports while none is known. Default false. */
  readonly discovers?: boolean;
  /** Milliseconds between polls of the apps; 0: none. Default 0. */
  readonly pollIntervalMs?: number;
  /** Whether only apps in error are polled. Default false. */
  readonly pollsErrorsOnly?: boolean;
  /** Calls to apps in progress at the same time. Default 100. */
  readonly workers?: number;
  /** Constant delay of retries in milliseconds. Default: the protocol's table. */
  readonly retryIntervalMs?: number;
  /** How long ended runs and events are kept, milliseconds. Default: for ever. */
  readonly retention?: EngineOptions["retention"];
  /** Folder of the built dashboard. Default: no dashboard. */
  readonly dashboardDir?: string;
  /** Shown by `GET /dev` and the dashboard. */
  readonly version?: string;
  readonly startOptions?: Readonly<Record<string, unknown>>;
  /** Switches by name that `GET /dev` tells. None changes this server. Default: none. */
  readonly features?: Readonly<Record<string, boolean>>;
  readonly logger?: Logger;
  /** Whether steps may reach addresses of this machine and of private networks (`step.fetch`, `step.ai`). Default: in `dev`. */
  readonly allowPrivateAddresses?: boolean;
  /** Whether apps may be at public addresses only. Default false: anywhere but, except in `dev`, at a cloud's metadata service. */
  readonly publicAppsOnly?: boolean;
  /** Requests that one client may send in a second. Default: any number. */
  readonly requestsPerSecond?: number;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Where traces of runs are sent by OTLP: the address that takes them, headers for its keys, `service.name`. Default: nowhere. */
  readonly traces?: { readonly url: string; readonly headers?: Readonly<Record<string, string>>; readonly serviceName?: string };
  /** How apps are called. Default: HTTP. */
  readonly invoker?: Invoker;
};

export type PawlServer = {
  readonly engine: Engine;
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** The workers that are connected. */
  readonly connect: Connect;
  /** Takes no more requests, waits at most `drainMs` (default 10,000) for calls in progress, and gives the others back. */
  stop(drainMs?: number): Promise<void>;
};

const DRAIN_MS_DEFAULT = 10_000;

/** Starts a server. Resolves when it answers. Rejects when the port is taken, or `trustedProxies` is no list of addresses. */
export async function startServer(options: ServerOptions): Promise<PawlServer> {
  const { kind = "dev", host = "127.0.0.1", port = 8288, logger = silentLogger } = options;
  // One loader for all who need secrets: it writes the file.
  const loadSecret = openSecrets(options.secretsPath);
  const connect = new Connect({
    clock: systemClock,
    random: systemRandom(),
    logger,
    loadSecret,
    http: options.invoker ?? httpInvoker(appPolicyOf(options)),
  });
  const realtime = new Realtime({ clock: systemClock, random: systemRandom(), loadSecret });
  const metrics = new Metrics({ clock: systemClock, logger, version: versionOf(options), workersConnected: () => connect.workers.size });
  const engine = engineOf(options, { connect, realtime, metrics });
  const readiness = new Readiness({ store: options.store, clock: systemClock, logger });
  const sync = syncOf(options, engine);
  publishRuns(engine, realtime);
  const exporter = exporterOf(options, { engine, metrics });
  let gateway: GatewayPort | undefined;
  const routes = [
    realtimeRoutes(realtime),
    syncRunRoutes({ realtime, loadSecret }),
    connectRoutes({ connect, gatewayPort: () => gateway?.port }),
    metricsRoutes(metrics),
    readyRoutes(readiness),
    mcpRoutes(),
  ];
  const context = contextOf(options, { engine, sync, logger, kind, workers: connect.workers });
  const http = await createHttpServer(context, routes);
  connect.requests.expected.expect(await takeOver({ store: options.store, clock: systemClock }));
  await engine.start();
  readiness.started();
  try {
    if (options.connectPort !== undefined) gateway = await openGatewayPort(connect, { ...context, host, port: options.connectPort });
    await http.listen({ host, port });
  } catch (error) {
    // The caller may try another port with the same store: nothing of this server may go on working on it.
    await engine.stop(0);
    await gateway?.close();
    await http.close();
    throw error;
  }
  sync.start();
  return serverOf({ logger, engine, sync, http, host, connect, gateway, readiness, exporter, hasPeers: options.hasPeers ?? false });
}

function exporterOf(
  options: ServerOptions,
  { engine, metrics }: { readonly engine: Engine; readonly metrics: Metrics },
): TraceExporter | undefined {
  const { traces, logger = silentLogger } = options;
  if (traces === undefined) return undefined;
  const send = sendTracesTo(traces.url, traces.headers ?? {});
  const exporter = new TraceExporter({
    send,
    clock: systemClock,
    logger,
    version: versionOf(options),
    ...given("serviceName", traces.serviceName),
  });
  exporter.attach(engine);
  metrics.attachTraces(exporter);
  return exporter;
}

type Rooms = { readonly connect: Connect; readonly realtime: Realtime; readonly metrics: Metrics };

function engineOf(options: ServerOptions, { connect, realtime, metrics }: Rooms): Engine {
  const engine = new Engine({
    store: metrics.measureStore(options.store),
    clock: systemClock,
    random: systemRandom(),
    invoker: metrics.measureInvoker(connect.invoker),
    gateway: httpGateway({
      allowPrivateAddresses: options.allowPrivateAddresses ?? (options.kind ?? "dev") === "dev",
      openTopic: topicOpener(realtime),
    }),
    workerSlotsOf: connect.slotsOf,
    handedOver: connect.requests.expected,
    logger: options.logger ?? silentLogger,
    ...given("workers", options.workers),
    ...given("signingKey", options.signingKey),
    ...given("retryIntervalMs", options.retryIntervalMs),
    ...given("retention", options.retention),
  });
  connect.attach(engine);
  metrics.attach(engine);
  return engine;
}

function syncOf(options: ServerOptions, engine: Engine): AppSync {
  return new AppSync({
    engine,
    logger: options.logger ?? silentLogger,
    kind: options.kind ?? "dev",
    urls: options.appUrls ?? [],
    discovers: options.discovers ?? false,
    pollIntervalMs: options.pollIntervalMs ?? 0,
    pollsErrorsOnly: options.pollsErrorsOnly ?? false,
    ...given("signingKey", options.signingKey),
    ...given("signingKeyFallback", options.signingKeyFallback),
    ...given("addressPolicy", appPolicyOf(options)),
  });
}

/** Which addresses apps may have. */
function appPolicyOf({ kind = "dev", publicAppsOnly = false }: ServerOptions): AddressPolicy | undefined {
  if (publicAppsOnly) return PUBLIC_FOR_APPS;
  return kind === "dev" ? undefined : NO_METADATA;
}

type Parts = {
  readonly engine: Engine;
  readonly sync: AppSync;
  readonly http: FastifyInstance;
  readonly host: string;
  readonly connect: Connect;
  readonly gateway: GatewayPort | undefined;
  readonly readiness: Readiness;
  readonly exporter: TraceExporter | undefined;
  readonly hasPeers: boolean;
  readonly logger: Logger;
};

function serverOf({ logger, engine, sync, http, host, connect, gateway, readiness, exporter, hasPeers }: Parts): PawlServer {
  const address = http.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  let stopping: Promise<void> | undefined;
  const stop = async (drainMs: number): Promise<void> => {
    readiness.drain();
    await sync.stop();
    connect.drain(hasPeers);
    // Checkpoints and workers' answers of calls in progress must still arrive, so HTTP ends last.
    await engine.stop(drainMs);
    await exporter?.stop();
    await handOver({ store: engine.store, clock: systemClock, random: systemRandom() }, connect.underway).catch((error: unknown) =>
      logger.warn({ error: String(error) }, "what workers have could not be handed over; it is called anew"),
    );
    connect.close();
    await gateway?.close();
    await http.close();
  };
  return {
    engine,
    connect,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "localhost" : host}:${port}`,
    stop: (drainMs = DRAIN_MS_DEFAULT) => (stopping ??= stop(drainMs)),
  };
}

function contextOf(options: ServerOptions, rest: Pick<ServerContext, "engine" | "sync" | "logger" | "kind" | "workers">): ServerContext {
  return {
    ...rest,
    version: versionOf(options),
    startedAt: systemClock.now(),
    eventKeys: options.eventKeys ?? [],
    startOptions: options.startOptions ?? {},
    ...given("features", options.features),
    ...given("signingKey", options.signingKey),
    ...given("signingKeyFallback", options.signingKeyFallback),
    ...given("dashboardDir", options.dashboardDir),
    ...given("trustedProxies", readTrustedProxies(options.trustedProxies ?? [])),
    limits: given("requestsPerSecond", options.requestsPerSecond),
  };
}

function versionOf({ version = "0.0.0" }: ServerOptions): string {
  return version;
}
