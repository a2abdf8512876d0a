/**
 * Syncs: what an app registered, or why it could not.
 *
 * I1  A sync that changed nothing has no row, and neither has one that failed for the same reason as the one before: an app that is asked
 *     every few seconds has as many rows as things happened to it.
 * I2  Of each app the newest `SYNCS_KEPT_MAX` rows are kept.
 *
 * Spec: wire 4.3; dashboard-and-cli APP-04.
 */

/** How many syncs of an app are kept. */
export const SYNCS_KEPT_MAX = 50;

export type SyncRow = {
  /** A UUID; the SDK gets it as `sync_id`. */
  readonly id: string;
  readonly appId: string;
  /** When it was stored, ms since the epoch. */
  readonly at: number;
  /** `app`: it registered by itself. `server`: we asked it to. `worker`: it connected. */
  readonly source: "app" | "server" | "worker";
  /** From our asking to its storing; only where we asked. */
  readonly durationMs?: number;
  readonly url: string;
  /** `js:v4.24.0`, as sent; empty where the app did not answer. */
  readonly sdk: string;
  readonly framework: string;
  readonly appVersion?: string;
  /** Why it failed: a code of the wire protocol or a sentence. Absent: it did not. */
  readonly error?: string;
  /** Functions after it. */
  readonly functionCount: number;
  readonly diff: SyncDiff;
};

/** What a sync changed. Lists are cut at `SYNC_DIFF_MAX` entries each, values at `SYNC_VALUE_LENGTH_MAX` characters. */
export type SyncDiff = {
  /** Of the app itself: its URL, SDK, framework, version. */
  readonly app: readonly ValueChange[];
  /** Slugs of functions that came, or came back. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly slug: string; readonly changes: readonly ValueChange[] }[];
  /** How many functions came, went and changed, when not all are listed. */
  readonly more?: { readonly added: number; readonly removed: number; readonly changed: number };
};

/** One value at a path such as `rateLimit.limit`, as JSON text; absent where there was or is none. */
export type ValueChange = { readonly path: string; readonly before?: string; readonly after?: string };
