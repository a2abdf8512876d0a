/** A server for tests: real routes and engine, a store in memory, a clock that stands still, an app that is a function. */
import type { RawReply } from "@pawl/engine";
import { HEADER } from "@pawl/protocol";
import { openMemoryStore } from "@pawl/store-memory";
import type { FastifyInstance } from "fastify";
import { AppSync } from "../app/app-sync.ts";
import { registerApp } from "../app/register.ts";
import { Engine, type EngineOptions } from "../core/engine.ts";
import { ManualClock, settled, START } from "../ports/manual-clock.fixture.ts";
import type { AppCall, Invoker } from "../ports/invoker.ts";
import { given } from "../json.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import type { ServerContext } from "./context.ts";
import { createHttpServer, type Routes } from "./http-server.ts";

export { settled, START };

/** A call's body, as far as tests look at it. */
export type CallBody = {
  readonly ctx: { readonly attempt: number; readonly run_id: string };
  readonly steps: Readonly<Record<string, unknown>>;
  readonly event: { readonly name: string; readonly data: Readonly<Record<string, unknown>> };
};

export type FakeApp = (body: CallBody, call: AppCall) => RawReply | Promise<RawReply>;

/** An answer of an SDK. */
export function answer(status: number, body: unknown): RawReply {
  return { kind: "response", status, headers: { [HEADER.sdk]: "js:v4.24.0", [HEADER.reqVersion]: "2" }, body: JSON.stringify(body) };
}

/** JSON as a test reads it. */
export type Json = ReturnType<typeof JSON.parse>;

type Headers = Readonly<Record<string, string>>;

/** An answer; its body parsed where it is JSON, else a text. */
type Answer = { readonly status: number; readonly body: Json; readonly headers: Readonly<Record<string, unknown>> };

export type TestServer = {
  readonly http: FastifyInstance;
  readonly context: ServerContext;
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly get: (url: string, headers?: Headers) => Promise<Answer>;
  readonly post: (url: string, payload?: unknown, headers?: Headers) => Promise<Answer>;
  readonly delete: (url: string) => Promise<Answer>;
  readonly stop: () => Promise<void>;
};

export type TestServerOptions = Partial<
  Pick<
    ServerContext,
    "kind" | "signingKey" | "signingKeyFallback" | "dashboardDir" | "eventKeys" | "limits" | "logger" | "workers" | "trustedProxies"
  >
> & {
  readonly app?: FakeApp;
  /** Configuration of the one function, `shop-import`, besides its trigger by `shop/imported`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly functions?: readonly Readonly<Record<string, unknown>>[];
  /** Parts of the engine in the place of the usual ones. */
  readonly clock?: ManualClock;
  readonly routes?: readonly Routes[];
  /** What the engine calls the app with, made from the usual. */
  readonly invoker?: (usual: Invoker) => Invoker;
  readonly engine?: Partial<Pick<EngineOptions, "store" | "random" | "workers" | "logger" | "retryIntervalMs" | "gateway" | "retention">>;
};

const APP_URL = "http://127.0.0.1:9/api/pawl";

/** A function's registration. */
export function functionConfig(slug: string, over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const url = `${APP_URL}?fnId=${slug}&stepId=step`;
  return {
    id: slug,
    name: slug.replace(/^shop-/, ""),
    triggers: [{ event: "shop/imported" }],
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url }, retries: { attempts: 4 } } },
    ...over,
  };
}

/** Starts one with one registered app. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { app = () => answer(200, "done"), kind = "dev", config = {}, functions = [functionConfig("shop-import", config)] } = options;
  const { clock = new ManualClock() } = options;
  const call = async (request: AppCall): Promise<RawReply> =>
    Promise.race([app(JSON.parse(request.body) as CallBody, request), aborted(request.signal)]);
  const invoker = { call, close: async () => {} };
  const { signingKey, dashboardDir, eventKeys = [] } = options;
  const parts = { store: openMemoryStore(), random: systemRandom(), logger: silentLogger, ...options.engine };
  const engine = new Engine({ ...parts, clock, invoker: options.invoker?.(invoker) ?? invoker, ...given("signingKey", signingKey) });
  const sync = new AppSync({ engine, logger: silentLogger, kind, urls: [], discovers: false, pollIntervalMs: 0, pollsErrorsOnly: false });
  const context: ServerContext = {
    engine,
    sync,
    kind,
    logger: options.logger ?? silentLogger,
    version: "1.2.3",
    startedAt: START,
    eventKeys,
    startOptions: {},
    ...(signingKey === undefined ? {} : { signingKey }),
    ...given("signingKeyFallback", options.signingKeyFallback),
    ...(dashboardDir === undefined ? {} : { dashboardDir }),
    ...given("limits", options.limits),
    ...given("workers", options.workers),
    ...given("trustedProxies", options.trustedProxies),
  };
  const http = await createHttpServer(context, options.routes);
  await engine.start();
  const registered = await registerApp(engine, {
    appName: "shop",
    url: APP_URL,
    sdk: "js:v4.24.0",
    framework: "express",
    method: "serve",
    functions,
  });
  if (registered.kind !== "registered") throw new Error(`The test's function is invalid: ${JSON.stringify(registered)}`);
  return { http, context, engine, clock, ...clientOf(http), stop: () => stop({ http, engine, sync, clock }) };
}

function clientOf(http: FastifyInstance): Pick<TestServer, "get" | "post" | "delete"> {
  const send = async (method: "GET" | "POST" | "DELETE", url: string, rest: { headers?: Headers; payload?: object }): Promise<Answer> => {
    const { headers, payload } = rest;
    const response = await http.inject({ method, url, headers: { host: "localhost:8288", ...headers }, ...given("payload", payload) });
    const isJson = (response.headers["content-type"] ?? "").includes("json");
    return { status: response.statusCode, body: isJson ? response.json() : response.body, headers: response.headers };
  };
  return {
    get: (url, headers = {}) => send("GET", url, { headers }),
    post: (url, payload = {}, headers = {}) => send("POST", url, { payload: payload as object, headers }),
    delete: (url) => send("DELETE", url, {}),
  };
}

function aborted(signal: AbortSignal): Promise<RawReply> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve({ kind: "no-response", code: "aborted", message: "The call was cut off." }));
  });
}

type Parts = { readonly http: FastifyInstance; readonly engine: Engine; readonly sync: AppSync; readonly clock: ManualClock };

async function stop({ http, engine, sync, clock }: Parts): Promise<void> {
  await sync.stop();
  await http.close();
  const stopped = engine.stop(0);
  await clock.advance(0);
  await stopped;
}
