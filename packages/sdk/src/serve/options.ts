/** Options of `serve`. Source: sdk 15. */
import type { AnyPawl } from "../client/client.ts";
import type { AnyFunction } from "../function/function.ts";

export type ServeOptions = {
  readonly client: AnyPawl;
  /** Default: all functions made by the client when the first request comes. */
  readonly functions?: readonly AnyFunction[];
  /** Origin at which the server reaches the app, when it can't be told from requests. Default: `PAWL_SERVE_ORIGIN`. */
  readonly serveOrigin?: string;
  /** Path at which the app is mounted, when it can't be told from requests. Default: `PAWL_SERVE_PATH`. */
  readonly servePath?: string;
  /** Answers calls at once and sends the result when it is there, for hosts that limit the time to the first byte. Default: `PAWL_STREAMING`, else false. */
  readonly streaming?: boolean;
  /** Whether an unsigned request may cause a registration. Default: `PAWL_ENABLE_UNAUTHED_SYNC`, else true. */
  readonly enableUnauthedSync?: boolean;
};

/** What an adapter adds. */
export type AdapterOptions = {
  /** Label of the framework, for people. */
  readonly framework: string;
};
