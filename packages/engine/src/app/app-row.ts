/**
 * Apps and functions as registered.
 *
 * I1  An app is known by its name, a function by its app and slug; both keep their id for ever.
 * I2  A function's `version` grows by one with each sync that changed its app.
 *
 * Spec: wire 4; semantics 11.8.
 */
import type { FunctionDefinition } from "../registration/function-definition.ts";

export type AppRow = {
  readonly id: string;
  /** Empty for an app that is known by its URL only and never answered. */
  readonly name: string;
  readonly url: string;
  /** `js:v4.24.0`, as sent. */
  readonly sdk: string;
  readonly framework: string;
  readonly appVersion?: string;
  /** How it is reached: `serve` by HTTP, `connect` by its worker's connection, `api` by calling its durable endpoints. */
  readonly method: "serve" | "connect" | "api";
  /** Hash of the last registration, so that an unchanged one is cheap. */
  readonly checksum: string;
  /** Of an app that workers serve: hashes of its registrations before the last, newest first, so that an old worker is known as one. */
  readonly formerChecksums?: readonly string[];
  /** Why the last sync failed: a code of the wire protocol or a sentence. */
  readonly error?: string;
  readonly createdAt: number;
  /** When it last registered something new; where it never did, when it was added. */
  readonly syncedAt: number;
  /** Its last sync that did not fail. */
  readonly syncId?: string;
  readonly archivedAt?: number;
};

export type FunctionRow = {
  readonly id: string;
  readonly appId: string;
  readonly slug: string;
  readonly name: string;
  readonly version: number;
  readonly definition: FunctionDefinition;
  /** The configuration as registered, JSON text. */
  readonly config: string;
  readonly createdAt: number;
  readonly archivedAt?: number;
  /** Set while people have it paused; a sync leaves it as it is. */
  readonly paused?: FunctionPause;
};

/**
 * `hold`: new runs wait until it is resumed. `drop`: new events are refused, and runs that have not started wait. `drain`: new events are
 * refused, what is queued goes on. Runs that have started go on in every mode.
 */
export type FunctionPause = { readonly mode: "hold" | "drop" | "drain"; readonly since: number };
