/**
 * A server from start to end: store, server, banner, lines, signals.
 *
 * I1  The first signal drains: calls in progress end or are given back. The second ends at once.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDurationMs } from "@pawl/protocol";
import { InvalidProxiesError, type PawlServer, readTrustedProxies, type ServerOptions, startServer, systemClock } from "@pawl/server";
import { openSqliteStore } from "@pawl/store-sqlite";
import { CliError } from "../cli-error.ts";
import { bannerLines } from "../terminal/banner.ts";
import { openTerminal, type Terminal } from "../terminal/terminal.ts";
import { traceLine } from "../terminal/trace-lines.ts";
import type { Settings } from "../command/settings.ts";
import { VERSION } from "../version.ts";
import type { DataFile } from "./data-file.ts";
import { featuresOf } from "./features.ts";
import { releaseMemoryWhenIdle } from "./idle-memory.ts";
import { firstSignal } from "./signals.ts";
import { tracesOf } from "./traces.ts";

export type RunOptions = {
  readonly command: "dev" | "start";
  readonly settings: Settings;
  readonly data: DataFile;
  readonly synchronous: "full" | "normal";
  readonly host: string;
  readonly discovers: boolean;
  readonly pollSeconds: number;
  /** Whether another port is taken where this one is in use. */
  readonly triesNextPort: boolean;
  readonly hasDashboard: boolean;
  readonly warnings: readonly string[];
};

const PORT = 8288;
const PORTS_TRIED = 20;
const DRAIN_SECONDS = 10;

/** Runs a server until a signal ends it. Resolves with the exit code. Throws `CliError`. */
export async function runServer(options: RunOptions): Promise<number> {
  const terminal = await openTerminal(options.settings);
  const stopped = firstSignal({ source: process, exit: (code) => process.exit(code) });
  const store = await openStore(options);
  const server = await listen(options, { store, logger: terminal.logger });
  announce(options, { server, terminal });
  // A program that started this one learns where the server is.
  process.send?.({ kind: "ready", url: server.url });
  const unwatch = watchRuns(server, terminal, options.command === "dev");
  const stopReleasing = releaseMemoryWhenIdle({
    clock: systemClock,
    watch: (onWork) => server.engine.live.watch(onWork),
    isBusy: () => server.engine.queue.inProgress > 0,
  });
  await stopped;
  terminal.say(farewell(server.engine.queue.inProgress));
  unwatch();
  stopReleasing();
  await server.stop((options.settings.integer("drain-timeout") ?? DRAIN_SECONDS) * 1_000);
  await store.close();
  return 0;
}

function farewell(inProgress: number): string {
  return inProgress === 0 ? "Stopping." : `Finishing ${inProgress} ${inProgress === 1 ? "call" : "calls"}; once more to stop now.`;
}

async function openStore({ command, data, synchronous }: RunOptions): ReturnType<typeof openSqliteStore> {
  try {
    return await openSqliteStore({ path: data.path, synchronous });
  } catch (error) {
    throw new CliError(
      error instanceof Error ? error.message : String(error),
      command === "dev" ? "Where the data is kept: --db PATH." : "Where the data is kept: --sqlite-dir DIR.",
    );
  }
}

async function listen(options: RunOptions, { store, logger }: Pick<ServerOptions, "store" | "logger">): Promise<PawlServer> {
  const { settings } = options;
  const first = wantedPort(options);
  for (let port = first; ; port++) {
    try {
      return await startServer(serverOptions(options, { store, port, ...(logger === undefined ? {} : { logger }) }));
    } catch (error) {
      const { code, port: triedPort = port } = error as { readonly code?: unknown; readonly port?: number };
      const isTaken = code === "EADDRINUSE" && triedPort === port;
      if (isTaken && options.triesNextPort && settings.integer("port") === undefined && port < first + PORTS_TRIED) continue;
      throw listenFailure(error, { host: options.host, port: triedPort });
    }
  }
}

function listenFailure(error: unknown, { host, port }: { readonly host: string; readonly port: number }): unknown {
  const messages: Partial<Record<string, string>> = {
    EADDRINUSE: `Port ${port} of ${host} is in use.`,
    EACCES: `Port ${port} of ${host} is not open to this user.`,
    EADDRNOTAVAIL: `${host} is no address of this machine.`,
    ENOTFOUND: `${host} is no known host.`,
  };
  const message = messages[String((error as { readonly code?: unknown }).code)];
  return message === undefined ? error : new CliError(message, "Choose another with --port or --host.");
}

function serverOptions(options: RunOptions, rest: Pick<ServerOptions, "store" | "logger" | "port">): ServerOptions {
  const { settings, command } = options;
  const workers = settings.integer("queue-workers");
  const connectPort = settings.integer("connect-gateway-port");
  const retrySeconds = settings.integer("retry-interval") ?? 0;
  const requestsPerSecond = settings.integer("rate-limit") ?? 0;
  const signingKey = settings.text("signing-key");
  const signingKeyFallback = settings.text("signing-key-fallback");
  const traces = tracesOf(settings.text("otlp-endpoint"), process.env);
  const dashboardDir = options.hasDashboard ? findDashboard() : undefined;
  const urls = settings.texts("sdk-url");
  return {
    ...rest,
    kind: command === "dev" ? "dev" : "cloud",
    host: options.host,
    eventKeys: settings.texts("event-key"),
    appUrls: urls,
    discovers: options.discovers,
    pollIntervalMs: options.pollSeconds * 1_000,
    pollsErrorsOnly: settings.isOn("no-poll"),
    version: VERSION,
    startOptions: {
      urls,
      autodiscover: options.discovers,
      poll: !settings.isOn("no-poll"),
      poll_interval: options.pollSeconds,
      require_keys: command === "start",
      retry_interval: retrySeconds,
      queue_workers: workers ?? 100,
    },
    features: featuresOf(process.env),
    ...(settings.isOn("allow-private-addresses") ? { allowPrivateAddresses: true } : {}),
    ...(settings.isOn("public-apps-only") ? { publicAppsOnly: true } : {}),
    ...(workers === undefined ? {} : { workers }),
    ...(connectPort === undefined ? {} : { connectPort }),
    ...(requestsPerSecond === 0 ? {} : { requestsPerSecond }),
    ...proxiesOf(settings.texts("trusted-proxies")),
    ...(retrySeconds === 0 ? {} : { retryIntervalMs: retrySeconds * 1_000 }),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(signingKeyFallback === undefined ? {} : { signingKeyFallback }),
    ...retentionOf(settings.text("retention") ?? RETENTION_DEFAULT),
    ...(traces === undefined ? {} : { traces }),
    ...(dashboardDir === undefined ? {} : { dashboardDir }),
    ...(options.data.isTemporary ? {} : { secretsPath: `${options.data.path}.secrets` }),
  };
}

function proxiesOf(trustedProxies: readonly string[]): Pick<ServerOptions, "trustedProxies"> {
  try {
    readTrustedProxies(trustedProxies);
  } catch (error) {
    if (!(error instanceof InvalidProxiesError)) throw error;
    throw new CliError(`--trusted-proxies: ${error.message}`, "List the addresses of your proxies, separated by commas.");
  }
  return { trustedProxies };
}

/** Kept for this long, unless told otherwise: nobody wants a disk that fills up for ever. */
const RETENTION_DEFAULT = "30d";

/** Less would delete what people are about to look at. */
const RETENTION_MS_MIN = 60_000;

function retentionOf(text: string): Pick<ServerOptions, "retention"> {
  if (text === "off") return {};
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < RETENTION_MS_MIN)
    throw new CliError(
      `--retention must be a duration of at least 1m, such as 7d, or off; got ${text}.`,
      "Give another, or leave it out for 30d.",
    );
  return { retention: { runsMs: ms, eventsMs: ms } };
}

function announce(options: RunOptions, { server, terminal }: { readonly server: PawlServer; readonly terminal: Terminal }): void {
  const { settings, data } = options;
  const facts = {
    version: VERSION,
    command: options.command,
    readyMs: performance.now(),
    url: server.url,
    storage: data.isTemporary ? "temporary (--persist keeps it)" : data.path,
    hasDashboard: options.hasDashboard && findDashboard() !== undefined,
    appUrls: settings.texts("sdk-url"),
    discovers: options.discovers,
    warnings: [...options.warnings, ...settings.warnings, ...portWarning(options, server)],
  };
  if (terminal.asJson) return terminal.logger.info({ ...facts, readyMs: Math.round(facts.readyMs) }, "ready");
  for (const line of bannerLines(facts, terminal.style)) terminal.say(line);
}

function portWarning(options: RunOptions, { port }: PawlServer): readonly string[] {
  const wanted = wantedPort(options);
  return port === wanted || wanted === 0 ? [] : [`port ${wanted} is in use, so this is ${port}`];
}

function watchRuns({ engine }: PawlServer, terminal: Terminal, showsAll: boolean): () => void {
  const slugOf = (functionId: string): string => engine.registry.functionById(functionId)?.slug ?? functionId;
  return engine.live.watch((change) => {
    if (change.kind !== "trace") return;
    for (const entry of change.entries) {
      if (terminal.asJson) {
        if (entry.kind === "run-ended" && entry.status === "FAILED")
          terminal.logger.warn({ ...entry, function: slugOf(entry.functionId) }, "a run failed");
        continue;
      }
      const line =
        showsAll || entry.kind === "run-ended" ? traceLine(entry, { style: terminal.style, slugOf, now: Date.now() }) : undefined;
      if (line !== undefined) terminal.say(line);
    }
  });
}

/** The built dashboard: beside the published program, or in the workspace. */
function findDashboard(): string | undefined {
  const candidates = ["../dashboard/", "../../../dashboard/dist/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return candidates.find((folder) => existsSync(`${folder}index.html`));
}

function wantedPort({ settings }: RunOptions): number {
  return settings.integer("port") ?? PORT;
}
