/** Loads a client and makes a kit and a Node request listener of it. What differs between the clients is here and in `load-realtime.ts`. */
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClientName } from "../harness/client-folder.ts";
import type { Handler, Kit, Trigger } from "./kit.ts";
import { loadRealtime } from "./load-realtime.ts";

type Client = {
  createFunction(...args: readonly unknown[]): unknown;
  send(payload: unknown): Promise<{ ids: string[] }>;
  readonly realtime: unknown;
};

/** Exports that the clients have in common, under the names of the official one. */
type ClientModule = {
  readonly Inngest: new (options: Readonly<Record<string, unknown>>) => Client;
  readonly NonRetriableError: Kit["NonRetriableError"];
  readonly RetryAfterError: Kit["RetryAfterError"];
  serve(options: { readonly client: Client; readonly functions: readonly unknown[] }): RequestListener;
};

/** The entry for workers, which only some clients have. */
type ConnectModule = {
  connect(options: Readonly<Record<string, unknown>>): Promise<{ readonly closed: Promise<void> }>;
};

export type LoadOptions = {
  readonly client: ClientName;
  /** Folder of an official client. */
  readonly folder: string;
  readonly appId: string;
  readonly checkpointing?: boolean;
};

export type Loaded = {
  readonly kit: Pick<Kit, "client" | "define" | "NonRetriableError" | "RetryAfterError" | "send" | "realtime">;
  /** Call after all functions are defined. */
  readonly listener: () => RequestListener;
  /** The same for a worker. Resolves when it is connected. */
  readonly connect: (options: Readonly<Record<string, unknown>>) => Promise<{ readonly closed: Promise<void> }>;
};

/** Loads a client. */
export async function loadClient({ client, folder, appId, checkpointing }: LoadOptions): Promise<Loaded> {
  const module = client === "pawl" ? await loadPawl() : ((await import(pathToFileURL(join(folder, "client.mjs")).href)) as ClientModule);
  const instance = new module.Inngest({ id: appId, ...(checkpointing === undefined ? {} : { checkpointing }) });
  const functions: unknown[] = [];
  const define = (options: Readonly<Record<string, unknown>>, triggers: Trigger | readonly Trigger[], handler: Handler): unknown => {
    const made =
      client === "inngest-v3"
        ? instance.createFunction(options, triggers, handler)
        : instance.createFunction({ ...options, triggers: Array.isArray(triggers) ? triggers : [triggers] }, handler);
    functions.push(made);
    return made;
  };
  return {
    kit: {
      client,
      define,
      NonRetriableError: module.NonRetriableError,
      RetryAfterError: module.RetryAfterError,
      send: (payload) => instance.send(payload),
      realtime: await loadRealtime({ client, folder, instance }),
    },
    listener: () => module.serve({ client: instance, functions }),
    connect: async (options) => {
      const entry = client === "pawl" ? await loadPawlConnect() : ((await import(connectUrl(folder))) as ConnectModule);
      return entry.connect({ ...options, apps: [{ client: instance, functions }] });
    },
  };
}

async function loadPawl(): Promise<ClientModule> {
  const [{ Pawl, NonRetriableError, RetryAfterError }, { serve }] = await Promise.all([import("pawl"), import("pawl/node")]);
  return { Inngest: Pawl, NonRetriableError, RetryAfterError, serve } as unknown as ClientModule;
}

async function loadPawlConnect(): Promise<ConnectModule> {
  return (await import("pawl/connect")) as unknown as ConnectModule;
}

function connectUrl(folder: string): string {
  return pathToFileURL(join(folder, "connect.mjs")).href;
}
