/**
 * The dashboard's API, continued: apps, what they registered, and the workers that serve them. As in ui.ts, instants are milliseconds since
 * the epoch.
 */

export type UiApp = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly sdk: string;
  readonly framework: string;
  readonly error?: string;
  readonly functionCount: number;
  /** When it last registered something new. */
  readonly syncedAt: number;
  readonly method: "serve" | "connect" | "api";
  readonly appVersion?: string;
};

/** `GET /ui/v1/apps/:id/syncs`: what changed something or failed, newest first; the last 50 are kept. */
export type UiSyncList = { readonly items: readonly UiSync[] };

/** `diff` lists at most 50 entries of a kind; `more` has the whole numbers where there were more. */
export type UiSync = {
  readonly id: string;
  readonly at: number;
  /** `app`: it registered by itself. `server`: it was asked to. `worker`: it connected. */
  readonly source: "app" | "server" | "worker";
  /** From asking to storing, ms; only where the server asked. */
  readonly durationMs?: number;
  readonly url: string;
  readonly sdk: string;
  readonly framework: string;
  readonly appVersion?: string;
  /** Why it failed: a code or a sentence. Absent: it did not. */
  readonly error?: string;
  readonly functionCount: number;
  readonly diff: {
    readonly app: readonly UiValueChange[];
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly { readonly slug: string; readonly changes: readonly UiValueChange[] }[];
    readonly more?: { readonly added: number; readonly removed: number; readonly changed: number };
  };
};

/**
 * `POST /ui/v1/apps/:id/sync` with `{ url? }`: asks the app to register, where it is or at another URL, and answers when it has. Refused
 * with 422 `app-sync-failed` and a sentence that says why.
 */
export type UiSyncResult = { readonly syncId: string; readonly isModified: boolean; readonly url: string };

/** One value at a path such as `rateLimit.limit`, as JSON text; absent where there was or is none. */
export type UiValueChange = { readonly path: string; readonly before?: string; readonly after?: string };

/** `GET /ui/v1/apps` */
export type UiAppList = { readonly items: readonly UiApp[] };

/** A worker that holds a connection. */
export type UiWorker = {
  /** Of the connection. */
  readonly id: string;
  /** Name that the worker gave itself; its host's by default. */
  readonly instanceId: string;
  /** `connected`: it has not said yet that it takes calls. `draining`: it finishes what it has. */
  readonly status: "connected" | "ready" | "draining";
  readonly apps: readonly UiWorkerApp[];
  /** `<language>:<version>` */
  readonly sdk: string;
  readonly platform?: string;
  readonly os?: string;
  readonly cpuCores?: number;
  readonly memBytes?: number;
  /** Where its connection comes from: its own address or a proxy's. */
  readonly address?: string;
  /** Calls at the same time, of all its apps together; absent: any number. */
  readonly capacity?: number;
  /** Calls that it has. */
  readonly inUse: number;
  readonly connectedAt: number;
  /** When it last sent something. */
  readonly heardAt: number;
};

/** An app as one worker has it. */
export type UiWorkerApp = {
  readonly name: string;
  readonly version?: string;
  /** False: another version of the app is registered. */
  readonly isRegistered: boolean;
  readonly functionSlugs: readonly string[];
};

/**
 * `GET /ui/v1/workers`: the workers that are connected to this server now, the one that came last first, and those that left last, while it
 * runs. `total`: how many are connected, where the list is cut. `appsWithout`: apps that are served by workers and have none.
 */
export type UiWorkerList = {
  readonly items: readonly UiWorker[];
  readonly total: number;
  readonly appsWithout: readonly string[];
  /** The one that left last first; at most 50. */
  readonly left: readonly UiLeftWorker[];
};

/** `reason`: it said that it ends; it was cut off; this server stopped; it was silent for too long; it sent too large a message. */
export type UiLeftWorker = Pick<UiWorker, "id" | "instanceId" | "sdk" | "connectedAt" | "heardAt"> & {
  readonly appNames: readonly string[];
  readonly leftAt: number;
  readonly reason: "shutdown" | "cut-off" | "server-stopped" | "silent" | "message-too-large";
};
