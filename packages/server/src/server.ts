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
import { Engine, type EngineOptions } from "./core/engine.ts";
import type { ServerContext } from "./http/context.ts";
import { createHttpServer } from "./http/http-server.ts";
import { given } from "./json.ts";
import { systemClock } from "./ports/clock.ts";
import type { Invoker } from "./ports/invoker.ts";
import { type Logger, silentLogger } from "./ports/logger.ts";
import { systemRandom } from "./ports/random.ts";
import { openSecrets } from "./ports/secrets.ts";
import { Realtime } from "./realtime/realtime.ts";
import { realtimeRoutes } from "./realtime/realtime-routes.ts";
import { publishRuns } from "./realtime/run-messages.ts";

export type ServerOptions = {
  readonly store: Store;
  /** `dev`: open to anyone who reaches it, so it belongs on loopback. `cloud`: keys are needed. Default `dev`. */
  readonly kind?: ServerKind;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 takes a free one. Default 8288. */
  readonly port?: number;
  /** Accepted event keys. None: any key is accepted (`dev`) or none (`cloud`). */
  readonly eventKeys?: readonly string[];
  /** Bare hexadecimal, or with a `signkey-…-` prefix. Signs calls and protects the management API. */
  readonly signingKey?: string;
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
  readonly logger?: Logger;
  /** How apps are called. Default: HTTP. */
  readonly invoker?: Invoker;
};

export type PawlServer = {
  readonly engine: Engine;
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, waits at most `drainMs` (default 10,000) for calls in progress, and gives the others back. */
  stop(drainMs?: number): Promise<void>;
};

const DRAIN_MS_DEFAULT = 10_000;

/** Starts a server. Resolves when it answers. Rejects when the port is taken. */
export async function startServer(options: ServerOptions): Promise<PawlServer> {
  const { store, kind = "dev", host = "127.0.0.1", port = 8288, logger = silentLogger } = options;
  const engine = new Engine({
    store,
    clock: systemClock,
    random: systemRandom(),
    invoker: options.invoker ?? httpInvoker(),
    logger,
    ...given("workers", options.workers),
    ...given("signingKey", options.signingKey),
    ...given("retryIntervalMs", options.retryIntervalMs),
    ...given("retention", options.retention),
  });
  const sync = new AppSync({
    engine,
    logger,
    kind,
    urls: options.appUrls ?? [],
    discovers: options.discovers ?? false,
    pollIntervalMs: options.pollIntervalMs ?? 0,
    pollsErrorsOnly: options.pollsErrorsOnly ?? false,
    ...given("signingKey", options.signingKey),
  });
  // One loader for all who need secrets: it writes the file.
  const loadSecret = openSecrets(options.secretsPath);
  const realtime = new Realtime({ clock: systemClock, random: systemRandom(), loadSecret });
  publishRuns(engine, realtime);
  const http = await createHttpServer(contextOf(options, { engine, sync, logger, kind }), [realtimeRoutes(realtime)]);
  await engine.start();
  try {
    await http.listen({ host, port });
  } catch (error) {
    // The caller may try another port with the same store: nothing of this server may go on working on it.
    await engine.stop(0);
    await http.close();
    throw error;
  }
  sync.start();
  return serverOf({ engine, sync, http, host });
}

type Parts = { readonly engine: Engine; readonly sync: AppSync; readonly http: FastifyInstance; readonly host: string };

function serverOf({ engine, sync, http, host }: Parts): PawlServer {
  const address = http.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  let stopping: Promise<void> | undefined;
  const stop = async (drainMs: number): Promise<void> => {
    await sync.stop();
    // Checkpoints of calls in progress must still arrive, so HTTP ends last.
    await engine.stop(drainMs);
    await http.close();
  };
  return {
    engine,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "localhost" : host}:${port}`,
    stop: (drainMs = DRAIN_MS_DEFAULT) => (stopping ??= stop(drainMs)),
  };
}

function contextOf(options: ServerOptions, rest: Pick<ServerContext, "engine" | "sync" | "logger" | "kind">): ServerContext {
  return {
    ...rest,
    version: options.version ?? "0.0.0",
    startedAt: systemClock.now(),
    eventKeys: options.eventKeys ?? [],
    startOptions: options.startOptions ?? {},
    ...given("signingKey", options.signingKey),
    ...given("dashboardDir", options.dashboardDir),
  };
}
