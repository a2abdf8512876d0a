/**
 * Functions without an HTTP endpoint: the app connects to the server and gets its calls over that connection.
 *
 * For processes that keep running: containers, virtual machines, laptops behind a firewall. Node from version 22 on, Bun and Deno.
 *
 * Source: sdk 18; wire-protocol 9.
 */
import { CONNECT_APPS_MAX, workerConnect, type WorkerConnect } from "@pawl/protocol";
import { installNodePlatform } from "../adapter/node-platform.ts";
import { SDK_LANGUAGE, VERSION } from "../version.ts";
import { GatewayApi } from "./gateway-api.ts";
import { hostFacts, onSignals } from "./host.ts";
import { Link } from "./link.ts";
import type { ConnectOptions, WebSocketClass, WorkerConnection } from "./options.ts";
import { encodeMessage } from "./protobuf.ts";
import { Work } from "./work.ts";
import { Worker, type WorkerSettings } from "./worker.ts";
import { WorkerApp } from "./worker-app.ts";

export type {
  ConnectApp,
  ConnectDebugState,
  ConnectionState,
  ConnectOptions,
  WebSocketClass,
  WebSocketLike,
  WorkerConnection,
} from "./options.ts";
export { ConnectRefusedError } from "./gateway-api.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const CAPABILITIES = new TextEncoder().encode('{"trust_probe":"v1","connect":"v1"}');

/**
 * Connects apps to their server and calls their functions, until it is closed. Resolves when the connection is active; while there is no
 * server, it goes on trying. Rejects with a TypeError for options that can't be right, and with a `ConnectRefusedError` where the server
 * refuses the key or the functions.
 */
export async function connect(options: ConnectOptions): Promise<WorkerConnection> {
  installNodePlatform();
  const worker = new Worker(settingsOf(options));
  const unwatch = onSignals(options.handleShutdownSignals ?? SIGNALS, () => void worker.close());
  void worker.closed.then(unwatch);
  await worker.start();
  return worker;
}

function settingsOf(options: ConnectOptions): WorkerSettings {
  const apps = appsOf(options);
  const [{ client, connection }] = apps;
  const webSocket = webSocketOf(options);
  const concurrency = concurrencyOf(options, client.environment.get("CONNECT_MAX_WORKER_CONCURRENCY"));
  const gatewayUrl = options.gatewayUrl ?? client.environment.get("CONNECT_GATEWAY_URL");
  const api = new GatewayApi(connection, client.options.fetch ?? ((input, init) => globalThis.fetch(input, init)));
  const { runtime, logger } = client;
  const facts = { ...introductionOf(options, apps), ...(concurrency === undefined ? {} : { maxWorkerConcurrency: concurrency }) };
  return {
    runtime,
    logger,
    openLink: async (excludeGateways, events) => {
      const { connectionId, gatewayEndpoint, gatewayGroup, sessionToken, syncToken } = await api.start(excludeGateways);
      const introduction = encodeMessage(workerConnect, { ...facts, connectionId, authData: { sessionToken, syncToken } });
      return new Link({ url: gatewayUrl ?? gatewayEndpoint, connectionId, gatewayGroup, webSocket, runtime, introduction, events });
    },
    makeWork: (onEnded) =>
      new Work({
        apps: new Map(apps.map((app) => [app.client.id, app])),
        runtime,
        logger,
        concurrency: concurrency === undefined || concurrency === 0 ? Number.POSITIVE_INFINITY : concurrency,
        flush: (reply) => api.flush(reply),
        onEnded,
      }),
  };
}

type Apps = readonly [WorkerApp, ...WorkerApp[]];

function appsOf({ apps }: ConnectOptions): Apps {
  if (!Array.isArray(apps) || apps.length === 0 || apps.length > CONNECT_APPS_MAX)
    throw new TypeError(`connect: expected options with \`apps\`, a list of 1 to ${CONNECT_APPS_MAX} objects like {client, functions}.`);
  const [first, ...others] = apps.map((app) => new WorkerApp(app)) as [WorkerApp, ...WorkerApp[]];
  for (const { client, connection } of others) {
    if (client.id === first.client.id) throw new TypeError(`connect: two apps have the id "${client.id}".`);
    if (connection.env !== first.connection.env || connection.apiBaseUrl !== first.connection.apiBaseUrl)
      throw new TypeError(
        `connect: the apps "${first.client.id}" and "${client.id}" have different servers or environments; connect each by its own call.`,
      );
  }
  if (first.connection.mode === "cloud" && first.connection.signingKey === undefined)
    throw new TypeError("connect: there is no signing key. Set PAWL_SIGNING_KEY, or PAWL_DEV=1 to work with a local server.");
  return [first, ...others];
}

function webSocketOf({ webSocket }: ConnectOptions): WebSocketClass {
  const found = webSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (found === undefined)
    throw new TypeError("connect: this platform has no WebSocket (Node has one from version 22 on). Pass one as the option `webSocket`.");
  return found;
}

function concurrencyOf({ maxWorkerConcurrency }: ConnectOptions, variable: string | undefined): number | undefined {
  const value = maxWorkerConcurrency ?? (variable === undefined ? undefined : Number(variable));
  if (value === undefined || (Number.isInteger(value) && value >= 0)) return value;
  throw new RangeError(`connect: \`maxWorkerConcurrency\` must be a whole number from 0 (no limit), got ${value}.`);
}

function introductionOf(options: ConnectOptions, apps: Apps): WorkerConnect {
  const [{ client, connection }] = apps;
  const { hostname, ...systemAttributes } = hostFacts();
  const now = client.runtime.now();
  return {
    connectionId: "",
    instanceId: options.instanceId ?? hostname,
    capabilities: CAPABILITIES,
    apps: apps.map((app) => app.configuration()),
    workerManualReadinessAck: true,
    systemAttributes,
    framework: "connect",
    sdkVersion: `v${VERSION}`,
    sdkLanguage: SDK_LANGUAGE,
    startedAt: { seconds: Math.floor(now / 1_000), nanos: (now % 1_000) * 1_000_000 },
    ...(connection.env === undefined ? {} : { environment: connection.env }),
    ...(connection.platform === undefined ? {} : { platform: connection.platform }),
  };
}
