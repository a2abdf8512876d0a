/**
 * An app as a process: functions served on Node's http by one of the clients.
 *
 * I1  What functions report arrives in order and is kept, so a wait for it can't come too late.
 * I2  Nothing polls: waits end by a report.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { Child, within } from "./child.ts";
import { type ClientName, installClient } from "./client-folder.ts";
import { http } from "./http.ts";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY } from "./server-process.ts";

const MAIN = join(import.meta.dirname, "../app/main.ts");

/** A wait for a report is given up after this time, in milliseconds. */
const REPORT_MS_MAX = 60_000;

export type AppSetup = {
  readonly client: ClientName;
  /** Absolute path of the module that exports `defineFunctions`. */
  readonly functions: string;
  readonly server: Pick<ServerProcess, "url" | "mode">;
  /** Default: the client's own default. */
  readonly checkpointing?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** Whether our SDK is run from what users install. Default false. */
  readonly isBuilt?: boolean;
  readonly nodeArgs?: readonly string[];
  /** Options of `connect`, for an app that is a worker and listens on no port. */
  readonly connect?: Readonly<Record<string, unknown>>;
};

/** What a function tells: `kind` and whatever the function adds. */
export type Report = { readonly kind: string; readonly [field: string]: unknown };

type Waiter = { readonly matches: (report: Report) => boolean; readonly resolve: (report: Report) => void };

/** A running app. */
export class AppProcess {
  readonly child: Child;
  readonly reports: Report[] = [];
  #waiters: Waiter[] = [];
  #send: (message: Report) => void;
  url = "";

  constructor(child: Child, send: (message: Report) => void) {
    this.child = child;
    this.#send = send;
  }

  /** Takes a report; for the process's channel. */
  receive(report: Report): void {
    this.reports.push(report);
    const met = this.#waiters.filter(({ matches }) => matches(report));
    if (met.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve(report);
  }

  /** The first report that matches, past or future. */
  async report(what: string, matches: (report: Report) => boolean, ms: number = REPORT_MS_MAX): Promise<Report> {
    const known = this.reports.find(matches);
    if (known !== undefined) return known;
    const coming = new Promise<Report>((resolve) => this.#waiters.push({ matches, resolve }));
    return within(coming, { ms, what, child: this.child });
  }

  /** Resolves when `count` reports match. */
  async count(
    what: string,
    { count, matches, ms }: { readonly count: number; readonly matches: (report: Report) => boolean; readonly ms?: number },
  ): Promise<void> {
    let seen = this.reports.filter(matches).length;
    if (seen >= count) return;
    await this.report(`${what} (${count} times)`, (report) => isNew(this.reports, report) && matches(report) && ++seen >= count, ms);
  }

  /** Tells the app something; the functions module decides what it means. */
  tell(message: Report): void {
    this.#send(message);
  }

  /** Makes the app register its functions. Rejects, with the answer, when the server refuses. */
  async register(): Promise<void> {
    const answer = await http(this.url, { method: "PUT", body: {} });
    // The Python SDK answers 200 with the server's refusal.
    if (answer.status !== 200 || answer.text.includes('"error"'))
      throw new Error(`Registering failed with status ${answer.status}: ${answer.text}\n${this.child.output}`);
  }
}

/** Reports are matched once when they are new: the one being matched is the last of the list. */
function isNew(reports: readonly Report[], report: Report): boolean {
  return reports.at(-1) === report;
}

/** Starts an app and registers it. */
export async function startAppProcess(setup: AppSetup): Promise<AppProcess> {
  const { client, functions, port = 0, nodeArgs = [], isBuilt = false } = setup;
  const folder = client === "pawl" ? "" : await installClient(client);
  const process_ = fork(MAIN, [], {
    execArgv: [...nodeArgs, ...(isBuilt ? [] : ["--conditions=pawl-source"])],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environmentOf(setup, {
      PAWL_APP_CLIENT: client,
      PAWL_APP_FOLDER: folder,
      PAWL_APP_FUNCTIONS: functions,
      PAWL_APP_PORT: String(port),
      PAWL_APP_CONNECT: setup.connect === undefined ? "" : JSON.stringify(setup.connect),
    }),
  });
  const app = new AppProcess(new Child(process_), (message) => process_.send(message));
  process_.on("message", (message) => app.receive(message as Report));
  if (setup.connect !== undefined) {
    await app.report("waiting for the worker to connect", ({ kind }) => kind === "connected");
    return app;
  }
  const listening = await app.report("waiting for the app to listen", ({ kind }) => kind === "listening");
  app.url = `http://127.0.0.1:${String(listening["port"])}/api/inngest`;
  await app.register();
  return app;
}

/** The environment of an app: keys and address of its server, and nothing of the caller's own settings. */
export function environmentOf(
  { server, checkpointing }: Pick<AppSetup, "server" | "checkpointing">,
  own: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PAWL|INNGEST|VITEST|NODE_OPTIONS|BRANCH)/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...own,
    NODE_ENV: "production",
    INNGEST_BASE_URL: server.url,
    ...(server.mode === "start"
      ? { INNGEST_EVENT_KEY: EVENT_KEY, INNGEST_SIGNING_KEY: SIGNING_KEY, INNGEST_DEV: "0" }
      : { INNGEST_DEV: "1" }),
    ...(checkpointing === undefined ? {} : { PAWL_APP_CHECKPOINTING: String(checkpointing) }),
  };
}
