/**
 * A server from start to end: store, server, banner, lines, signals.
 *
 * I1  The first signal drains: calls in progress end or are given back. The second ends at once.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type PawlServer, type ServerOptions, startServer, systemClock } from "@pawl/server";
import { openSqliteStore } from "@pawl/store-sqlite";
import { CliError } from "../cli-error.ts";
import { bannerLines } from "../terminal/banner.ts";
import { isLevel, lineLogger } from "../terminal/line-logger.ts";
import { type Style, styleOf, wantsColor } from "../terminal/style.ts";
import { traceLine } from "../terminal/trace-lines.ts";
import type { Settings } from "../command/settings.ts";
import { VERSION } from "../version.ts";
import { releaseMemoryWhenIdle } from "./idle-memory.ts";

export type RunOptions = {
  readonly command: "dev" | "start";
  readonly settings: Settings;
  /** Path of the SQLite file. */
  readonly path: string;
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

/** Runs a server until a signal ends it. Resolves with the exit code. */
export async function runServer(options: RunOptions): Promise<number> {
  const terminal = terminalOf(options.settings);
  const store = await openStore(options);
  const server = await listen(options, { store, logger: terminal.logger });
  const warnings =
    server.port === wantedPort(options) || wantedPort(options) === 0
      ? options.warnings
      : [...options.warnings, `port ${wantedPort(options)} is in use, so this is ${server.port}`];
  announce(options, { server, terminal, warnings });
  // A program that started this one learns where the server is.
  process.send?.({ kind: "ready", url: server.url });
  const unwatch = watchRuns(server, terminal, options.command === "dev");
  const stopReleasing = releaseMemoryWhenIdle({
    clock: systemClock,
    watch: (onWork) => server.engine.live.watch(onWork),
    isBusy: () => server.engine.queue.inProgress > 0,
  });
  const signal = await firstSignal();
  process.once(signal, () => process.exit(130));
  const { inProgress } = server.engine.queue;
  terminal.write(inProgress === 0 ? "Stopping." : `Finishing ${inProgress} ${inProgress === 1 ? "call" : "calls"}; once more to stop now.`);
  unwatch();
  stopReleasing();
  await server.stop((options.settings.integer("drain-timeout") ?? DRAIN_SECONDS) * 1_000);
  await store.close();
  return 0;
}

type Terminal = {
  readonly style: Style;
  readonly asJson: boolean;
  readonly logger: NonNullable<ServerOptions["logger"]>;
  readonly write: (line: string) => void;
};

function terminalOf(settings: Settings): Terminal {
  const isTerminal = process.stdout.isTTY;
  const style = styleOf(wantsColor(process.env, isTerminal));
  const asJson = settings.isOn("json") || (!isTerminal && !settings.isOff("json"));
  const level = settings.text("log-level") ?? "info";
  if (!isLevel(level))
    throw new CliError(`--log-level must be debug, info, warn or error, got ${JSON.stringify(level)}.`, "Choose one of the four.");
  const writeLine = (line: string): void => void process.stdout.write(`${line}\n`);
  const logger = lineLogger({ level, asJson, style, write: writeLine, now: () => Date.now() });
  return { style, asJson, logger, write: (line) => (asJson ? logger.info({}, line) : writeLine(line)) };
}

async function openStore({ path, synchronous }: RunOptions): ReturnType<typeof openSqliteStore> {
  try {
    return await openSqliteStore({ path, synchronous });
  } catch (error) {
    throw new CliError(
      `The database ${path} can't be opened: ${error instanceof Error ? error.message : String(error)}`,
      "Stop the other server that uses it, or name another file or folder.",
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
      if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
      if (options.triesNextPort && settings.integer("port") === undefined && port < first + PORTS_TRIED) continue;
      throw new CliError(`Port ${port} of ${options.host} is in use.`, "Stop what listens there, or choose another with --port.");
    }
  }
}

function serverOptions(options: RunOptions, rest: Pick<ServerOptions, "store" | "logger" | "port">): ServerOptions {
  const { settings, command } = options;
  const workers = settings.integer("queue-workers");
  const retrySeconds = settings.integer("retry-interval") ?? 0;
  const signingKey = settings.text("signing-key");
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
    ...(workers === undefined ? {} : { workers }),
    ...(retrySeconds === 0 ? {} : { retryIntervalMs: retrySeconds * 1_000 }),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(dashboardDir === undefined ? {} : { dashboardDir }),
  };
}

function announce(
  options: RunOptions,
  { server, terminal, warnings }: { readonly server: PawlServer; readonly terminal: Terminal; readonly warnings: readonly string[] },
): void {
  const facts = {
    version: VERSION,
    command: options.command,
    readyMs: performance.now(),
    url: server.url,
    storage: `${options.path} (SQLite, ${options.synchronous === "full" ? "every commit synced to disk" : "kept across restarts"})`,
    hasDashboard: options.hasDashboard && findDashboard() !== undefined,
    appUrls: options.settings.texts("sdk-url"),
    discovers: options.discovers,
    warnings,
  };
  if (terminal.asJson) return terminal.logger.info({ ...facts, readyMs: Math.round(facts.readyMs) }, "ready");
  for (const line of bannerLines(facts, terminal.style)) terminal.write(line);
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
      if (line !== undefined) terminal.write(line);
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

function firstSignal(): Promise<"SIGINT" | "SIGTERM"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
}
