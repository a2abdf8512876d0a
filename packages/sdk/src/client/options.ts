/**
 * Options of a client.
 *
 * Source: sdk 2.1.
 */
import type { EventTypes } from "../event/event-type.ts";
import type { EndpointAdapter } from "../endpoint/options.ts";
import type { Encryption } from "../encryption/encryption.ts";
import type { CheckpointingOption } from "../function/options.ts";
import type { Logger } from "../logger.ts";
import type { Tracing } from "../run/tracing.ts";
import type { Runtime } from "./runtime.ts";
import type { Transport } from "./transport.ts";

export type PawlOptions<E extends EventTypes = EventTypes> = {
  /** Id of the app: stable, the first part of every function's slug. */
  readonly id: string;
  /**
   * Event types that the app knows: then `send`, triggers, waits and cancellations are typed by them, and data is checked against their
   * schemas. Default: all names are allowed, data is `any`.
   */
  readonly events?: E;
  /** Key with which events are sent. Default: `PAWL_EVENT_KEY`. */
  readonly eventKey?: string;
  /** Key by which server and app trust each other. Default: `PAWL_SIGNING_KEY`. */
  readonly signingKey?: string;
  /** Second key while keys are exchanged. Default: `PAWL_SIGNING_KEY_FALLBACK`. */
  readonly signingKeyFallback?: string;
  /** Address of the server. Default: `PAWL_BASE_URL`, the URL in `PAWL_DEV`, `http://localhost:8288`. */
  readonly baseUrl?: string;
  /** Dev mode: no keys, no signatures. Default: `PAWL_DEV`, else false. */
  readonly isDev?: boolean;
  /** Name of the branch environment. Default: `PAWL_ENV`, then the host's variables. */
  readonly env?: string;
  /** Version of the app; shown at the server. */
  readonly appVersion?: string;
  /** Default: the console, from level `info`. */
  readonly logger?: Logger;
  /** For requests to the server, instead of the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** For requests to the server, instead of `fetch`. */
  readonly transport?: Transport;
  /** Default for all functions. Default: on. */
  readonly checkpointing?: CheckpointingOption;
  /** Default for all functions. */
  readonly optimizeParallelism?: boolean;
  /** Makes spans of the app's code part of the traces of runs: `createTracing()` of `pawl/otel`. Default: off. */
  readonly tracing?: Tracing;
  /** Encrypts data before it leaves the app; made by `encryption()` of `pawl/encryption`. Default: none. */
  readonly encryption?: Encryption;
  /** Defaults of durable endpoints. */
  readonly endpointAdapter?: EndpointAdapter;
  /** Clock, timers and randomness, for tests. */
  readonly runtime?: Partial<Runtime>;
};
