/**
 * `GET /ui/v1/stream`: what changed, as server-sent events.
 *
 * I1  A client is told of every change after the number it came with, or to fetch again (`reset`).
 * I2  At most four messages a second, each with the last state of the runs that changed; rows are read once for all clients.
 * I3  Without clients nothing is watched and no timer is armed (after a minute's grace for reconnections); with clients and without
 *     changes only the heartbeat is.
 * I4  A client that does not read is cut off; it comes back and fetches again.
 *
 * Spec: dashboard 2.10.
 */
import { PassThrough } from "node:stream";
import type { UiChanges } from "@pawl/protocol";
import type { Timer } from "../../ports/clock.ts";
import type { ServerContext } from "../context.ts";
import { Changes } from "./changes.ts";
import { factsOfRuns, firstSeqOf, seqOf } from "./run-facts.ts";
import { runView } from "./run-view.ts";

/** Between two messages: four a second. */
const FLUSH_MS = 250;

/** After the first change in a while: related ones mostly come within a few milliseconds, and the queue has placed its items then. */
const FIRST_FLUSH_MS = 40;

const HEARTBEAT_MS = 15_000;

/** How long changes are noted after the last client left, for one that reconnects. */
const LINGER_MS = 60_000;

/** Runs of one message. More wait for the next ones, oldest change first. */
const RUNS_PER_MESSAGE_MAX = 200;

/** What a client may leave unread. */
const UNREAD_BYTES_MAX = 1_048_576;

type Client = { readonly stream: PassThrough; sentSeq: number };

export class ChangeStream {
  readonly #context: ServerContext;
  readonly #clients = new Set<Client>();
  #changes: Changes;
  #unwatch: (() => void) | undefined;
  #flushTimer: Timer | undefined;
  #heartbeat: Timer | undefined;
  #linger: Timer | undefined;
  #lastFlushAt = -Infinity;
  #isFlushing = false;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#changes = new Changes(0);
  }

  /** Clients that are connected. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /** A client's stream. `lastSeq`: the last number it has seen, where it comes back. Ends when the client goes. */
  connect(lastSeq: number | undefined): PassThrough {
    this.#watch();
    const stream = new PassThrough({ highWaterMark: UNREAD_BYTES_MAX });
    const now = seqOf(this.#context);
    const canResume = lastSeq === undefined || (lastSeq <= now && lastSeq - this.#base >= this.#changes.floor);
    const client: Client = { stream, sentSeq: canResume ? (lastSeq ?? now) : now };
    this.#clients.add(client);
    stream.once("close", () => this.#disconnect(client));
    stream.write(`retry: 1000\nid: ${client.sentSeq}\n\n`);
    if (!canResume) stream.write(`event: reset\nid: ${now}\ndata: {}\n\n`);
    else if (this.#changes.hasNews(client.sentSeq - this.#base)) this.#scheduleFlush();
    this.#heartbeat ??= this.#beatLater();
    return stream;
  }

  /** Ends every stream. */
  close(): void {
    for (const { stream } of this.#clients) stream.end();
    this.#clients.clear();
    this.#stopTimers();
    this.#linger?.cancel();
    this.#stopWatching();
  }

  get #base(): number {
    return firstSeqOf(this.#context.startedAt);
  }

  #watch(): void {
    this.#linger?.cancel();
    this.#linger = undefined;
    if (this.#unwatch !== undefined) return;
    const { live } = this.#context.engine;
    this.#changes = new Changes(live.seq);
    this.#unwatch = live.watch((change) => {
      if (this.#changes.note(change) && this.#clients.size > 0) this.#scheduleFlush();
    });
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #disconnect(client: Client): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    this.#stopTimers();
    this.#linger = this.#context.engine.clock.setTimer(LINGER_MS, () => this.#stopWatching());
  }

  #stopTimers(): void {
    this.#flushTimer?.cancel();
    this.#heartbeat?.cancel();
    this.#flushTimer = undefined;
    this.#heartbeat = undefined;
  }

  #beatLater(): Timer {
    return this.#context.engine.clock.setTimer(HEARTBEAT_MS, () => {
      for (const client of this.#clients) this.#write(client, ": still here\n\n");
      this.#heartbeat = this.#beatLater();
    });
  }

  #scheduleFlush(): void {
    if (this.#flushTimer !== undefined || this.#isFlushing) return;
    const { clock } = this.#context.engine;
    const delayMs = Math.max(FIRST_FLUSH_MS, this.#lastFlushAt + FLUSH_MS - clock.now());
    this.#flushTimer = clock.setTimer(delayMs, () => {
      this.#flushTimer = undefined;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    this.#lastFlushAt = this.#context.engine.clock.now();
    try {
      // Clients differ in where they are only after a reconnection.
      for (const group of Map.groupBy(this.#clients, ({ sentSeq }) => sentSeq).values()) await this.#send(group);
    } catch (error) {
      this.#context.logger.error({ error: String(error) }, "reading changes for the dashboard failed");
    } finally {
      this.#isFlushing = false;
      if ([...this.#clients].some(({ sentSeq }) => this.#changes.hasNews(sentSeq - this.#base))) this.#scheduleFlush();
    }
  }

  async #send(group: readonly Client[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const since = first.sentSeq - this.#base;
    if (since < this.#changes.floor) return this.#reset(group);
    const { runIds, seq, ...rest } = this.#changes.page(since, { limit: RUNS_PER_MESSAGE_MAX, now: this.#context.engine.live.seq });
    const rows = runIds.length === 0 ? [] : await this.#context.engine.store.history.runsByIds(runIds);
    const facts = await factsOfRuns(this.#context, rows);
    const message: UiChanges = { seq: this.#base + seq, runs: facts.map(runView), ...rest };
    const isEmpty = message.runs.length === 0 && !message.appsChanged && message.eventsReceived === 0;
    const text = isEmpty ? `id: ${message.seq}\n\n` : `event: changes\nid: ${message.seq}\ndata: ${JSON.stringify(message)}\n\n`;
    for (const client of group) {
      client.sentSeq = message.seq;
      this.#write(client, text);
    }
  }

  /** More has changed than is remembered: the list is not followed line by line any more. */
  #reset(group: readonly Client[]): void {
    const now = seqOf(this.#context);
    for (const client of group) {
      client.sentSeq = now;
      this.#write(client, `event: reset\nid: ${now}\ndata: {}\n\n`);
    }
  }

  #write({ stream }: Client, text: string): void {
    if (stream.writableLength > UNREAD_BYTES_MAX) stream.destroy();
    else stream.write(text);
  }
}
