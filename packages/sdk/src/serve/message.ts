/**
 * Requests and responses as the core sees them, between the many shapes that frameworks give them.
 */

export type AppRequest = {
  readonly method: string;
  /** Absolute. */
  readonly url: URL;
  /** A header by its lower-case name. */
  header(name: string): string | undefined;
  /** The body: as text where it is at hand, else as the value that a framework's parser made of it; `undefined` or `""` when there is none. */
  body(): Promise<unknown>;
};

export type AppResponse = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A response of which only the head is known: `body` resolves to the rest while `heartbeat` is written every `heartbeatMs`. */
export type StreamingResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Promise<string>;
};

/** How often white space is written while a streamed response is awaited, in milliseconds. Below the idle limit of all known proxies. */
export const HEARTBEAT_MS = 3_000;
