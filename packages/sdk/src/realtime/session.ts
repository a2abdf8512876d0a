/**
 * A connection that comes back: gets a token, connects, and does both again when the connection is lost.
 *
 * I1  Every connection begins with a token of its own, because tokens open connections for a minute only.
 * I2  Delays between attempts double from `reconnectMinMs` to `reconnectMaxMs`, less a random part of up to half, so that clients of a server
 *     that comes back don't come all at once. They begin anew with a message, not with a mere connection.
 * I3  After `close` the listener is not called any more.
 */
import type { Runtime } from "../client/runtime.ts";
import type { Feed, FeedTarget, OpenFeed } from "./feed.ts";

/** `closed`: it was lost or could not be opened, and is not tried again. */
export type SessionStatus = "connecting" | "open" | "closed";

export type SessionListener = {
  /** `error`: why the connection before is gone. */
  changed(status: SessionStatus, error?: Error): void;
  received(text: string): void;
};

export type SessionOptions = {
  readonly token: () => Promise<FeedTarget>;
  readonly open: OpenFeed;
  readonly runtime: Runtime;
  readonly reconnect: boolean;
  /** Milliseconds. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
};

export class Session {
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;
  #feed: Feed | undefined;
  #stopWaiting: (() => void) | undefined;
  #failures = 0;
  #isClosed = false;

  /** Begins to connect. */
  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
    listener.changed("connecting");
    void this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#feed?.close();
  }

  async #connect(): Promise<void> {
    try {
      const target = await this.#options.token();
      if (this.#isClosed) return;
      this.#feed = this.#options.open(target, {
        opened: () => this.#listener.changed("open"),
        received: (text) => {
          this.#failures = 0;
          this.#listener.received(text);
        },
        ended: (cause) => this.#lost(cause),
      });
    } catch (cause) {
      // No token, or an address that is none.
      this.#lost(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  #lost(error: Error): void {
    if (this.#isClosed) return;
    this.#feed = undefined;
    if (!this.#options.reconnect) {
      this.#isClosed = true;
      return this.#listener.changed("closed", error);
    }
    const { runtime } = this.#options;
    this.#stopWaiting = runtime.setTimer(this.#delayMs(), () => void this.#connect());
    this.#listener.changed("connecting", error);
  }

  /** Keeps I2. */
  #delayMs(): number {
    const { runtime, reconnectMinMs, reconnectMaxMs } = this.#options;
    const full = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return full * (1 - (runtime.randomBytes(1)[0] ?? 0) / 512);
  }
}
