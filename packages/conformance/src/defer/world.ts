/** The server as users start it, and an app of deferred functions in this process: an endpoint of HTTP, or a worker that connects. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunRow } from "@pawl/protocol";
import { freePort } from "../harness/child.ts";
import { http } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";
import { type DeferApp, type DeferClient, type DeferClientName, loadDefer } from "./load-defer.ts";

export type Transport = "HTTP" | "Connect";

export type DeferSetup = {
  readonly client: DeferClientName;
  readonly checkpointing: boolean;
  readonly transport: Transport;
  /** Functions of the app, whose id is `shop`. */
  readonly functions: (client: DeferClient, app: DeferApp) => readonly unknown[];
};

export class DeferWorld {
  readonly #dir: string = mkdtempSync(join(tmpdir(), "pawl-defer-"));
  #port = 0;
  server!: ServerProcess;
  watch!: Watch;
  #stopApp: () => Promise<void> | void = () => {};

  async start({ client: name, checkpointing, transport, functions }: DeferSetup): Promise<void> {
    const client = await loadDefer(name);
    this.#port = await freePort();
    await this.startServer();
    const keys = { eventKey: EVENT_KEY, signingKey: SIGNING_KEY, baseUrl: this.server.url, isDev: false };
    const app = new client.Inngest({ id: "shop", checkpointing, ...keys });
    const served = { client: app, functions: functions(client, app) };
    this.#stopApp = transport === "HTTP" ? await listen(client, served) : await connect(client, served);
  }

  /** The server; the same one again, after it was killed. */
  async startServer(): Promise<void> {
    this.watch?.close();
    this.server = await startServerProcess({ dir: this.#dir, port: this.#port, retryIntervalS: 1 });
    this.watch = await Watch.open(this.server);
  }

  /** Kills the server, and starts it again. */
  async killServer(): Promise<void> {
    this.watch.close();
    await this.server.child.kill();
    await this.startServer();
  }

  async close(): Promise<void> {
    this.watch?.close();
    await this.#stopApp();
    await this.server?.child.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Starts a function, whose trigger has its name. Resolves with the event's id. */
  async send(id: string, data: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const [eventId = ""] = await sendEvents(this.server, [{ name: `test/${id}`, data }]);
    return eventId;
  }

  /** Runs of a function, as far as they are known. */
  runsOf(id: string): readonly UiRunRow[] {
    return [...this.watch.runs.values()].filter(({ functionSlug }) => functionSlug === `shop-${id}`);
  }
}

type Served = { readonly client: DeferApp; readonly functions: readonly unknown[] };

async function listen(client: DeferClient, served: Served): Promise<() => void> {
  const listener = createServer(client.serve(served)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const answer = await http(`http://127.0.0.1:${port}/api/inngest`, { method: "PUT", body: {} });
  if (answer.status !== 200) throw new Error(`Registering answered ${answer.status}: ${answer.text}`);
  return () => {
    listener.close();
    listener.closeAllConnections();
  };
}

async function connect(client: DeferClient, served: Served): Promise<() => Promise<void>> {
  const worker = await client.connect({ apps: [served], instanceId: "worker-1", handleShutdownSignals: [] });
  return () => worker.close();
}
