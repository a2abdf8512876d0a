/**
 * The server as users start it, and workers in this process whose data leaves them encrypted.
 *
 * I1  All that must not be known outside of the workers has `SECRET` in it; what may be known, and is stored, has `OPEN`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDefer, Pawl } from "pawl";
import { connect, type WorkerConnection } from "pawl/connect";
import { encryption } from "pawl/encryption";
import { http, jsonOf } from "../harness/http.ts";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "../harness/watch.ts";

/** Keeps I1. */
export const SECRET = "sesame-7c1f";
export const OPEN = "in-the-open-5a";

/** Keys of a worker: the one that encrypts, and others that decrypt. */
export type Keys = { readonly key: string; readonly fallbackDecryptionKeys?: readonly string[] };

/** What a function was given, or made. */
export type Seen = { readonly what: string; readonly value: unknown };

export class Vault {
  readonly #dir: string = mkdtempSync(join(tmpdir(), "pawl-encryption-"));
  readonly #workers: WorkerConnection[] = [];
  server!: ServerProcess;
  watch!: Watch;
  /** What functions have seen, of all workers. */
  readonly seen: Seen[] = [];

  async start(): Promise<void> {
    this.server = await startServerProcess({ dir: this.#dir, retryIntervalS: 1 });
    this.watch = await Watch.open(this.server);
  }

  async close(): Promise<void> {
    this.watch?.close();
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.server?.child.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** A client with the functions. */
  client(keys: Keys, checkpointing = true): Pawl {
    const { url: baseUrl } = this.server;
    const common = { id: "vault", baseUrl, eventKey: EVENT_KEY, signingKey: SIGNING_KEY, isDev: false, checkpointing };
    const client = new Pawl({ ...common, encryption: encryption(keys) });
    defineFunctions(client, (seen) => this.seen.push(seen));
    return client;
  }

  /** Connects a client's functions. */
  async connect(client: Pawl): Promise<WorkerConnection> {
    const instanceId = `worker-${this.#workers.length}`;
    const worker = await connect({ apps: [{ client }], instanceId, handleShutdownSignals: [] });
    this.#workers.push(worker);
    return worker;
  }

  /** Runs a run again; from a step, where one is named. Resolves with the new run's id. */
  async rerun(runId: string, stepId?: string): Promise<string> {
    const body = stepId === undefined ? {} : { fromStep: { stepId } };
    const answer = await http(`${this.server.url}/ui/v1/runs/${runId}/rerun`, { body, headers: MANAGEMENT_HEADERS });
    return (jsonOf(answer) as { readonly runId: string }).runId;
  }

  /** Which of these texts the server has stored or printed. */
  known(...texts: readonly string[]): readonly string[] {
    const files = readdirSync(this.#dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const stored = files.map((file) => readFileSync(join(file.parentPath, file.name)));
    const printed = Buffer.from(this.server.child.output);
    return texts.filter((text) => [...stored, printed].some((bytes) => bytes.includes(text)));
  }
}

function defineFunctions(client: Pawl, see: (seen: Seen) => void): void {
  const inner = client.createFunction({ id: "inner", triggers: [{ event: "vault/inner" }] }, ({ event }) => {
    see({ what: "invoked", value: event.data });
    return { text: `${SECRET} of the invoked` };
  });
  const note = createDefer(client, { id: "note" }, ({ event }) => see({ what: "deferred", value: event.data }));
  client.createFunction({ id: "told", triggers: [{ event: "vault/told" }] }, ({ event }) => see({ what: "told", value: event.data }));
  client.createFunction({ id: "tour", triggers: [{ event: "vault/tour" }] }, async ({ event, step, defer }) => {
    see({ what: "event", value: event.data });
    defer("later", { function: note, data: { open: OPEN, encrypted: `${SECRET} deferred` } });
    const text = await step.run("text", () => `${SECRET} of a step`);
    const [list, nothing] = await Promise.all([step.run("list", () => [SECRET, 1]), step.run("nothing", () => null)]);
    const invoked = await step.invoke("inner", { function: inner, data: { open: OPEN, encrypted: { text: `${SECRET} invoked` } } });
    await step.sendEvent("tell", { name: "vault/told", data: { open: OPEN, encrypted: `${SECRET} told` } });
    return { text, list, nothing, invoked };
  });
  client.createFunction({ id: "wait", retries: 20, triggers: [{ event: "vault/wait" }] }, async ({ event, step }) => {
    see({ what: "entered", value: event.data });
    const before = await step.run("before", () => `${SECRET} before`);
    const answer = await step.waitForEvent("answer", { event: "vault/answer", match: "data.open", timeout: "1h" });
    const after = await step.run("after", () => `${SECRET} after`);
    return { event: event.data["encrypted"], before, answer: answer?.data["encrypted"], after };
  });
}
