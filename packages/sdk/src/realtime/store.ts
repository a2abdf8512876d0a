/**
 * State of a subscription for a view, without any view library: what it is called by a hook is told to whoever watches.
 *
 * I1  `snapshot` is the same object until something changes.
 * I2  What the subscription is (channel, topics, token, addresses) is compared by value, so options may be made anew for each call.
 *     Where the token is a function, the newest one is called, and another function is no reason to connect anew.
 * I3  After `stop` there is no connection and no timer; `configure` begins anew.
 *
 * Source: sdk 20.
 */
import { type Runtime, systemRuntime } from "../client/runtime.ts";
import { type AnyChannel, channelName } from "./channel.ts";
import { type OpenFeed, openFeed } from "./feed.ts";
import { Inbox } from "./inbox.ts";
import type { RealtimeMessage } from "./message.ts";
import { Session, type SessionStatus } from "./session.ts";
import { addMessages, EMPTY, endOf, isTerminal, type RealtimeState } from "./state.ts";
import { feedTarget, type Key } from "./subscribe.ts";

export type StoreOptions = {
  readonly channel?: string | AnyChannel | undefined;
  readonly topics?: readonly string[] | undefined;
  /** A token, or a function that gets one: only then a lost connection comes back. Absent: idle. */
  readonly token?: Key | (() => Promise<Key>) | undefined;
  /** Another one means: connect anew, and forget what was received. */
  readonly key?: string | undefined;
  /** Default true. */
  readonly enabled?: boolean | undefined;
  /** Milliseconds in which messages are collected before the view is told. Default 0: each by itself. */
  readonly bufferInterval?: number | undefined;
  /** Whether messages are checked against the channel's schemas. Default true. */
  readonly validate?: boolean | undefined;
  /** Messages kept; `null`: all. Default 100. */
  readonly historyLimit?: number | null | undefined;
  /** Address of the server. Default: the token's. */
  readonly apiBaseUrl?: string | undefined;
  /** Default true. */
  readonly reconnect?: boolean | undefined;
  /** Delays between attempts in milliseconds. Default 250 and 5,000. */
  readonly reconnectMinMs?: number | undefined;
  readonly reconnectMaxMs?: number | undefined;
  /** Whether the connection is given up while the page is not visible; what is published meanwhile is missed. Default false. */
  readonly pauseOnHidden?: boolean | undefined;
  /** Whether the connection is closed when the run has ended; known to subscribers of the topic `$run`. Default true. */
  readonly autoCloseOnTerminal?: boolean | undefined;
};

export type StoreSurroundings = { readonly open: OpenFeed; readonly runtime: Runtime };

export class RealtimeStore {
  readonly #surroundings: StoreSurroundings;
  readonly #watchers = new Set<() => void>();
  #options: StoreOptions = {};
  #state: RealtimeState = EMPTY;
  #identity = "";
  #subject = "";
  #isHidden = false;
  #session: Session | undefined;
  #inbox: Inbox | undefined;
  #buffered: RealtimeMessage[] = [];
  #stopFlush: (() => void) | undefined;

  constructor(surroundings: StoreSurroundings = { open: openFeed, runtime: systemRuntime }) {
    this.#surroundings = surroundings;
  }

  readonly snapshot = (): RealtimeState => this.#state;

  /** Calls back after each change, until the returned function is called. */
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Forgets what was received. */
  readonly reset = (): void => {
    const { connectionStatus, isPaused, pauseReason } = this.#state;
    this.#buffered = [];
    this.#set({ ...EMPTY, connectionStatus, isPaused, pauseReason });
  };

  /** Takes the options as they are now; connects, connects anew or disconnects where they make a difference (keeps I2). */
  configure(options: StoreOptions): void {
    this.#options = options;
    const { channel, topics, token, key, apiBaseUrl, reconnect, reconnectMinMs, reconnectMaxMs, validate } = options;
    const subject = JSON.stringify([channel === undefined ? null : channelName(channel), topics, key]);
    const tokenText = typeof token === "function" ? "function" : token;
    const rest = [tokenText, apiBaseUrl, reconnect, reconnectMinMs, reconnectMaxMs, validate];
    const identity = JSON.stringify([subject, this.#pauseReason(), ...rest]);
    if (identity === this.#identity) return;
    if (this.#subject !== "" && this.#subject !== subject) this.reset();
    this.#identity = identity;
    this.#subject = subject;
    this.#open();
  }

  /** Says whether the page is visible. */
  setHidden(isHidden: boolean): void {
    this.#isHidden = isHidden;
    if (this.#identity !== "") this.configure(this.#options);
  }

  /** Keeps I3. */
  stop(): void {
    this.#identity = "";
    this.#close();
    this.#flush();
    this.#set({ ...this.#state, connectionStatus: "idle" });
  }

  #pauseReason(): RealtimeState["pauseReason"] {
    if (this.#options.enabled === false) return "disabled";
    return this.#isHidden && this.#options.pauseOnHidden === true ? "hidden" : null;
  }

  #open(): void {
    this.#close();
    const { token, channel = "", validate = true } = this.#options;
    const pauseReason = this.#pauseReason();
    const isPaused = pauseReason !== null;
    this.#set({ ...this.#state, isPaused, pauseReason, connectionStatus: isPaused ? "paused" : "idle" });
    if (isPaused || token === undefined) return;
    const { runtime, open } = this.#surroundings;
    const fail = (error: Error): void => this.#set({ ...this.#state, error });
    this.#inbox = new Inbox({ channel, validate, now: () => runtime.now(), deliver: (message) => this.#take(message), fail });
    const { reconnect = true, reconnectMinMs = 250, reconnectMaxMs = 5_000 } = this.#options;
    this.#session = new Session(
      {
        token: async () => feedTarget(await this.#token(), this.#options.apiBaseUrl),
        open,
        runtime,
        // A fixed token is too old when its connection is lost.
        reconnect: reconnect && typeof token === "function",
        reconnectMinMs,
        reconnectMaxMs,
      },
      { changed: (status, error) => this.#changed(status, error), received: (text) => this.#inbox?.take(text) },
    );
  }

  async #token(): Promise<Key> {
    const { token = "" } = this.#options;
    return typeof token === "function" ? token() : token;
  }

  #changed(status: SessionStatus, error: Error | undefined): void {
    if (error !== undefined) this.#inbox?.interrupt(error);
    const connectionStatus = status === "closed" ? "error" : status;
    this.#set({ ...this.#state, connectionStatus, error: status === "open" ? null : (error ?? this.#state.error) });
  }

  #take(message: RealtimeMessage): void {
    this.#buffered.push(message);
    const { bufferInterval = 0 } = this.#options;
    // The end of a run is not kept waiting.
    if (bufferInterval <= 0 || isTerminal(message)) this.#flush();
    else this.#stopFlush ??= this.#surroundings.runtime.setTimer(bufferInterval, () => this.#flush());
  }

  #flush(): void {
    this.#stopFlush?.();
    this.#stopFlush = undefined;
    const delta = this.#buffered;
    if (delta.length === 0) return;
    this.#buffered = [];
    const { historyLimit = 100, autoCloseOnTerminal = true } = this.#options;
    const next = addMessages(this.#state, { delta, limit: historyLimit ?? Infinity });
    const isOver = autoCloseOnTerminal && endOf(delta) !== undefined;
    if (isOver) this.#close();
    this.#set(isOver ? { ...next, connectionStatus: "closed" } : next);
  }

  #close(): void {
    this.#session?.close();
    this.#session = undefined;
    this.#inbox?.interrupt(new Error("The subscription was closed."));
    this.#inbox = undefined;
  }

  #set(state: RealtimeState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}
