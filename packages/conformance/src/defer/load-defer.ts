/** The parts of the clients that deferred functions are written with, under the names that both have. */
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installClient } from "../harness/client-folder.ts";

/** Clients that have deferred functions. */
export const DEFER_CLIENTS = ["pawl", "inngest-v4"] as const;
export type DeferClientName = (typeof DEFER_CLIENTS)[number];

export type Defer = (
  id: string,
  options: { readonly function: unknown; readonly data: Readonly<Record<string, unknown>> },
) => { abort(): void };

export type DeferContext = {
  readonly event: { readonly data: Readonly<Record<string, unknown>> };
  readonly runId: string;
  readonly attempt: number;
  readonly defer: Defer;
  readonly parents: readonly { readonly fnSlug: string; readonly runId: string }[];
  readonly step: {
    run<T>(id: string, body: () => T | Promise<T>): Promise<T>;
    sleep(id: string, time: string): Promise<void>;
  };
};

type Handler = (context: DeferContext) => unknown;

export type DeferApp = { createFunction(options: Readonly<Record<string, unknown>>, handler: Handler): unknown };

export type DeferClient = {
  readonly Inngest: new (options: Readonly<Record<string, unknown>>) => DeferApp;
  readonly NonRetriableError: new (message: string) => Error;
  createDefer(client: DeferApp, options: Readonly<Record<string, unknown>>, handler: Handler): unknown;
  serve(options: { readonly client: DeferApp; readonly functions: readonly unknown[] }): RequestListener;
  connect(options: Readonly<Record<string, unknown>>): Promise<{ close(): Promise<void> }>;
};

/** Loads a client. The official one is installed when first needed. */
export async function loadDefer(client: DeferClientName): Promise<DeferClient> {
  if (client === "inngest-v4") return officialClient(await installClient(client));
  const [{ Inngest, NonRetriableError, createDefer }, { serve }, { connect }] = await Promise.all([
    import("pawl/inngest"),
    import("pawl/inngest/node"),
    import("pawl/inngest/connect"),
  ]);
  return { Inngest, NonRetriableError, createDefer, serve, connect } as unknown as DeferClient;
}

async function officialClient(folder: string): Promise<DeferClient> {
  const load = (file: string): Promise<object> => import(pathToFileURL(join(folder, file)).href) as Promise<object>;
  return Object.assign({}, await load("defer.mjs"), await load("connect.mjs")) as DeferClient;
}
