/**
 * Follows a server's runs over its stream of changes, so that tests wait for what happens and not for time to pass.
 *
 * I1  Runs that changed before the watch began are known too: the list is read after the stream is open.
 */
import { type ClientRequest, request } from "node:http";
import type { UiChanges, UiEventRow, UiRunDetail, UiRunList, UiRunRow } from "@pawl/protocol";
import { within } from "./child.ts";
import { http, jsonOf } from "./http.ts";
import { type ServerProcess, SIGNING_KEY } from "./server-process.ts";

const WAIT_MS_MAX = 60_000;
const PAGE_MAX = 100;

/** Headers that open a server's management API. */
export const MANAGEMENT_HEADERS: Readonly<Record<string, string>> = { authorization: `Bearer ${SIGNING_KEY}` };

type Runs = ReadonlyMap<string, UiRunRow>;
type Waiter = { readonly isMet: (runs: Runs) => boolean; readonly resolve: () => void };

/** The runs of a server, as they change. */
export class Watch {
  readonly #server: ServerProcess;
  readonly #runs = new Map<string, UiRunRow>();
  #waiters: Waiter[] = [];
  #stream: ClientRequest | undefined;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Begins to watch. */
  static async open(server: ServerProcess): Promise<Watch> {
    const watch = new Watch(server);
    await watch.#connect();
    await watch.#readAll();
    return watch;
  }

  get runs(): Runs {
    return this.#runs;
  }

  /** Stops watching. The server may be gone. */
  close(): void {
    this.#stream?.destroy();
  }

  /** Resolves when the runs are as wanted. */
  async until(what: string, isMet: (runs: Runs) => boolean, ms: number = WAIT_MS_MAX): Promise<void> {
    if (isMet(this.#runs)) return;
    const met = new Promise<void>((resolve) => this.#waiters.push({ isMet, resolve }));
    try {
      await within(met, { ms, what, child: this.#server.child });
    } catch (error) {
      const counts = Map.groupBy(this.#runs.values(), ({ functionSlug, phase }) => `${functionSlug} ${phase}`);
      const state = [...counts].map(([kind, { length }]) => `${length} × ${kind}`).join(", ");
      throw new Error(`${what}: runs are ${state}`, { cause: error });
    }
  }

  /** The ended run that an event started; of the function with this slug, where it starts several. */
  async endedRunOf(eventId: string, slug?: string): Promise<UiRunDetail> {
    const find = (runs: Runs): UiRunRow | undefined =>
      [...runs.values()].find(
        (run) => run.eventId === eventId && run.endedAt !== undefined && (slug === undefined || run.functionSlug === slug),
      );
    await this.until(`waiting for the run of event ${eventId} to end`, (runs) => find(runs) !== undefined);
    return this.detail(find(this.#runs)?.id ?? "");
  }

  /** Everything about a run. */
  async detail(runId: string): Promise<UiRunDetail> {
    return (await this.#get(`/ui/v1/runs/${runId}`)) as UiRunDetail;
  }

  /** An event. */
  async event(eventId: string): Promise<UiEventRow> {
    return (await this.#get(`/ui/v1/events/${eventId}`)) as UiEventRow;
  }

  async #get(path: string): Promise<unknown> {
    const answer = await http(`${this.#server.url}${path}`, { headers: MANAGEMENT_HEADERS });
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${answer.text}`);
    return jsonOf(answer);
  }

  async #connect(): Promise<void> {
    const opened = Promise.withResolvers<void>();
    const stream = request(`${this.#server.url}/ui/v1/stream`, { headers: MANAGEMENT_HEADERS }, (response) => {
      if (response.statusCode !== 200) return opened.reject(new Error(`The stream answered ${response.statusCode}.`));
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        opened.resolve();
        const messages = (text + chunk).split("\n\n");
        text = messages.pop() ?? "";
        for (const message of messages) this.#take(message);
      });
      // The server ends first in tests that kill it.
      response.on("error", () => {});
    });
    stream.on("error", opened.reject);
    stream.end();
    this.#stream = stream;
    await opened.promise;
  }

  #take(message: string): void {
    if (message.startsWith("event: reset")) return void this.#readAll().catch(() => {});
    const data = /^data: (.*)$/m.exec(message)?.[1];
    if (data !== undefined && message.startsWith("event: changes")) this.#put((JSON.parse(data) as UiChanges).runs);
  }

  async #readAll(): Promise<void> {
    for (let cursor = ""; ;) {
      const { items, next } = (await this.#get(`/ui/v1/runs?limit=${PAGE_MAX}&cursor=${cursor}`)) as UiRunList;
      this.#put(items);
      if (next === undefined) return;
      cursor = next;
    }
  }

  #put(rows: readonly UiRunRow[]): void {
    for (const row of rows) if ((this.#runs.get(row.id)?.seq ?? -1) <= row.seq) this.#runs.set(row.id, row);
    const met = this.#waiters.filter(({ isMet }) => isMet(this.#runs));
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve();
  }
}
