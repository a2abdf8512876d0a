/**
 * A server with every room that `startServer` has, its list of routes, and what a fuzz compares with: secrets, log lines, a function that
 * no request of the fuzz means to touch.
 *
 * The routes are what Fastify tells while they are added, so a new one is in the list by itself.
 */
import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { FastifyInstance } from "fastify";
import { registerApp } from "../../app/register.ts";
import { Connect } from "../../connect/connect.ts";
import { connectRoutes } from "../../connect/connect-routes.ts";
import type { ApiScope } from "../../core/api-keys.ts";
import { checkEvents, readEvents } from "../../event/read-events.ts";
import { given } from "../../json.ts";
import { mcpRoutes } from "../../mcp/mcp-routes.ts";
import { Metrics } from "../../metrics/metrics.ts";
import { metricsRoutes } from "../../metrics/metrics-routes.ts";
import { readTrustedProxies } from "../../net/client-address.ts";
import { ManualClock, settled } from "../../ports/manual-clock.fixture.ts";
import type { Logger } from "../../ports/logger.ts";
import { systemRandom } from "../../ports/random.ts";
import { openSecrets } from "../../ports/secrets.ts";
import { Realtime } from "../../realtime/realtime.ts";
import { realtimeRoutes } from "../../realtime/realtime-routes.ts";
import { publishRuns } from "../../realtime/run-messages.ts";
import { hashedKey } from "../auth.ts";
import { claimToken, RUN_CLAIM_SECRET } from "../checkpoint-api/run-claim.ts";
import { syncRunRoutes } from "../checkpoint-api/sync-run-routes.ts";
import { readyRoutes } from "../readiness.ts";
import { answer, functionConfig, type TestServer, testServer } from "../test-server.fixture.ts";
// Loaded with the first request otherwise, which takes real time.
import "../graphql/gql-engine.ts";
import "../../connect/codec.ts";
import "../../connect/socket.ts";

export type Route = { readonly method: string; readonly url: string };

/** What a request carries as bearer: nothing, a key that is none, and each kind of key. */
export const CREDENTIALS = ["none", "wrong", "signing", "hashed", "read", "write", "events"] as const;
export type Credential = (typeof CREDENTIALS)[number];

export type FuzzServer = {
  readonly server: TestServer;
  readonly realtime: Realtime;
  readonly connect: Connect;
  readonly keys: ReadonlyMap<Credential, string>;
  readonly eventKey: string;
  /** Ids that exist, by the name of the parameter. */
  readonly ids: Readonly<Record<string, string>>;
  /** Tokens that are accepted, by their purpose. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly logLines: string[];
  /** How often the function that nobody touches was called. */
  readonly canaryCalls: () => number;
  readonly stop: () => Promise<void>;
};

const DAY_MS = 86_400_000;

const SLEEP = [{ op: "Sleep", id: "a".repeat(40), name: "1h" }];

/** Collects the routes of servers that are built until `stop`. */
export function collectRoutes(): { readonly routes: Route[]; readonly stop: () => void } {
  const routes: Route[] = [];
  const listen = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) if (one !== "HEAD" && one !== "OPTIONS") routes.push({ method: one, url });
    });
  };
  subscribe("fastify.initialization", listen);
  return { routes, stop: () => void unsubscribe("fastify.initialization", listen) };
}

/** Starts one; it listens on a free port of the loopback. */
export async function fuzzServer(kind: "dev" | "cloud"): Promise<FuzzServer> {
  const [clock, logLines] = [new ManualClock(), [] as string[]];
  const logger = loggerOf(logLines);
  let canaryCalls = 0;
  const signingKey = randomBytes(16).toString("hex");
  const eventKey = randomBytes(16).toString("hex");
  const loadSecret = openSecrets();
  const realtime = new Realtime({ clock, random: systemRandom(), loadSecret });
  const http = { call: async () => answer(200, "done"), close: async () => {} };
  const connect = new Connect({ clock, random: systemRandom(), logger, loadSecret, http });
  const metrics = new Metrics({ clock, logger, version: "1.2.3", workersConnected: () => connect.workers.size });
  const server = await testServer({
    kind,
    clock,
    logger,
    ...(kind === "cloud" ? { signingKey, eventKeys: [eventKey] } : {}),
    app: ({ event }) => {
      if (event.name === "canary/sing") canaryCalls += 1;
      return event.name === "shop/wait" ? answer(206, SLEEP) : answer(200, "done");
    },
    functions: [functionConfig("shop-import"), functionConfig("shop-wait", { triggers: [{ event: "shop/wait" }] })],
    engine: { logger },
    workers: connect.workers,
    // Every client is counted, and none refused.
    limits: { requestsPerSecond: 1_000_000 },
    ...given("trustedProxies", readTrustedProxies(["127.0.0.0/8"])),
    routes: [
      realtimeRoutes(realtime),
      syncRunRoutes({ realtime, loadSecret }),
      connectRoutes({ connect, gatewayPort: () => undefined }),
      metricsRoutes(metrics),
      readyRoutes({ check: async () => ({ isReady: true }) }),
      mcpRoutes(),
    ],
  });
  connect.attach(server.engine);
  metrics.attach(server.engine);
  publishRuns(server.engine, realtime);
  await registerCanary(server);
  await server.http.listen({ host: "127.0.0.1", port: 0 });
  const keys = new Map<Credential, string>([
    ["wrong", "0011"],
    ["signing", signingKey],
    ["hashed", hashedKey(signingKey)],
  ]);
  for (const scope of ["read", "write", "events"] as const) keys.set(scope, await apiKey(server, scope));
  const ids = await idsOf(server);
  return {
    server,
    realtime,
    connect,
    keys,
    eventKey,
    ids,
    tokens: {
      subscribe: realtime.grant({ topics: [{ channel: "c", name: "t" }], canPublish: false }, DAY_MS),
      claim: claimToken(ids["runId"] ?? "", { secret: loadSecret(RUN_CLAIM_SECRET), now: clock.now() }),
    },
    logLines,
    canaryCalls: () => canaryCalls,
    stop: async () => {
      connect.drain(false);
      connect.close();
      realtime.stop();
      await server.stop();
    },
  };
}

async function registerCanary({ engine }: TestServer): Promise<void> {
  const [url, sdk] = ["http://127.0.0.1:10/canary", "js:v4.24.0"];
  const config = functionConfig("canary-sing", {
    triggers: [{ event: "canary/sing" }],
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url: `${url}?fnId=canary-sing&stepId=step` } } },
  });
  const result = await registerApp(engine, { appName: "canary", url, sdk, framework: "express", method: "serve", functions: [config] });
  if (result.kind !== "registered") throw new Error(`The canary could not be registered: ${JSON.stringify(result)}`);
}

async function apiKey({ engine }: TestServer, scope: ApiScope): Promise<string> {
  return (await engine.apiKeys.create({ name: scope, scopes: [scope] })).secret;
}

/** A run that sleeps, its event, and the names of what is registered. */
async function idsOf({ engine }: TestServer): Promise<Readonly<Record<string, string>>> {
  await engine.send(checkEvents(readEvents(Buffer.from('{"name":"shop/wait","data":{}}'))).events);
  await settled();
  const [run] = await engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "desc", limit: 1 });
  const [event] = await engine.store.history.listEvents({ names: ["shop/wait"], includeInternal: false, limit: 1 });
  const id = run?.id ?? "";
  return {
    runId: id,
    id,
    eventId: event?.id ?? "",
    slug: "shop-import",
    appId: "shop",
    functionId: "import",
    envId: "dev",
    groupId: "group",
    key: "key",
  };
}

function loggerOf(lines: string[]): Logger {
  const write = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: write, info: write, warn: write, error: write };
}
