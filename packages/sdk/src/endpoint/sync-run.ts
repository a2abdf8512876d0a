/**
 * A run that this app has begun, as its server knows it.
 *
 * I1  The run is made known with its first results: a request that needs no server before its end costs one request.
 * I2  After something could not be stored, nothing is reported any more: the server must not know later results without earlier ones.
 *
 * Source: wire-protocol 7.4, 7.5.
 */
import type { CallEvent } from "@pawl/protocol";
import { withRetries } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import type { HttpReply } from "../client/transport.ts";
import type { Logger } from "../logger.ts";
import type { SaveResult } from "../run/checkpointer.ts";

/** Request version of all endpoints: the function goes on after the last of several parallel steps. */
const REQUEST_VERSION = 2;

/** Status for a result that the server doesn't store. */
const TOO_LARGE = 413;

export type SyncRunOptions = {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly runId: string;
  readonly event: CallEvent;
  readonly retries: number;
  /** Whether the request is served although the server can't be reached. */
  readonly mayDetach: boolean;
};

/** Why results could not be stored. */
export type SyncProblem =
  /** There was no answer, or one that says to try again. */
  | { readonly kind: "unreachable"; readonly message: string }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** What the server says about the run. */
type Known = { readonly fn_id: string; readonly app_id: string; readonly token?: string; readonly realtime_token?: string };

export class SyncRun {
  readonly #options: SyncRunOptions;
  #known: Known | undefined;
  #problem: SyncProblem | undefined;
  #isDetached = false;

  constructor(options: SyncRunOptions) {
    this.#options = options;
  }

  get runId(): string {
    return this.#options.runId;
  }

  /** Opens the run's answer; undefined while the server doesn't know the run. */
  get token(): string | undefined {
    return this.#known?.token;
  }

  /** Opens the run's stream. */
  get realtimeToken(): string | undefined {
    return this.#known?.realtime_token;
  }

  /** Why something could not be stored. */
  get problem(): SyncProblem | undefined {
    return this.#problem;
  }

  /** Whether the request is served without the server. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Stores results. Never rejects. */
  async report(ops: readonly string[]): Promise<SaveResult> {
    if (this.#isDetached) return "saved";
    // Keeps I2.
    if (this.#problem !== undefined) return "failed";
    const result = await this.#send(ops);
    if (result === "saved" || result === "stale") return result;
    this.#problem = result;
    if (result.kind !== "unreachable" || !this.#options.mayDetach) return "failed";
    this.#isDetached = true;
    this.#options.logger.warn(`Run ${this.runId} goes on without being durable: ${result.message}`);
    return "saved";
  }

  /**
   * Ends a run of which something was refused: the server would wait for its end for an hour. Best effort; a server that refuses everything is
   * not asked.
   */
  async abandon(op: string): Promise<void> {
    if (this.#problem?.kind === "refused" && this.#problem.status === TOO_LARGE) await this.#send([op]);
  }

  async #send(ops: readonly string[]): Promise<"saved" | "stale" | SyncProblem> {
    try {
      const reply = await (this.#known === undefined ? this.#start(ops) : this.#add(ops, this.#known));
      if (reply.status === 409) return "stale";
      if (reply.status >= 200 && reply.status < 300) return "saved";
      const message = `HTTP ${reply.status}: ${messageOf(reply.body)}`;
      return reply.status === 429 || reply.status >= 500
        ? { kind: "unreachable", message }
        : { kind: "refused", status: reply.status, message };
    } catch (error) {
      return { kind: "unreachable", message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #start(ops: readonly string[]): Promise<HttpReply> {
    const { event } = this.#options;
    const { body } = event.data as { readonly body?: unknown };
    let reply = await this.#postStart(event, ops);
    // Some servers read the body as base64. They refuse other texts, and only then it is sent so.
    if (reply.status === 400 && typeof body === "string" && body !== "")
      reply = await this.#postStart({ ...event, data: { ...event.data, body: base64(body) } }, ops);
    if (reply.status === 200) this.#known = (JSON.parse(reply.body) as { readonly data: Known }).data;
    return reply;
  }

  #postStart(event: CallEvent, ops: readonly string[]): Promise<HttpReply> {
    const { runId, retries, connection } = this.#options;
    const { name, data, id, ts } = event;
    const head = { run_id: runId, event: { name, data, id, ts }, ts: connection.runtime.now(), request_version: REQUEST_VERSION, retries };
    return this.#post("v1/checkpoint", head, ops);
  }

  #add(ops: readonly string[], { fn_id, app_id }: Known): Promise<HttpReply> {
    const { runId, connection } = this.#options;
    return this.#post(`v1/checkpoint/${runId}/steps`, { run_id: runId, fn_id, app_id, ts: connection.runtime.now() }, ops);
  }

  /** Repeating is safe: the server knows a run by its id, and stores each step once. */
  #post(path: string, head: object, ops: readonly string[]): Promise<HttpReply> {
    const { connection } = this.#options;
    const body = `${JSON.stringify(head).slice(0, -1)},"steps":[${ops.join(",")}]}`;
    return withRetries(connection.runtime, () => connection.callApi({ method: "POST", path, body }));
  }
}

function messageOf(body: string): string {
  try {
    const { message, error } = JSON.parse(body) as { readonly message?: unknown; readonly error?: unknown };
    const said = typeof message === "string" ? message : typeof error === "string" ? error : body;
    return said.slice(0, 500);
  } catch {
    return body.slice(0, 500);
  }
}

function base64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
