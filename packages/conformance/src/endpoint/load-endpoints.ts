/** The parts of the clients that durable endpoints are written with, under the names that all have. */
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installClient } from "../harness/client-folder.ts";

/** Clients that have durable endpoints. */
export const ENDPOINT_CLIENTS = ["pawl", "inngest-v4", "inngest-v3"] as const;
/** Those whose endpoints stream. */
export const STREAM_CLIENTS = ["pawl", "inngest-v4"] as const;
export type EndpointClientName = (typeof ENDPOINT_CLIENTS)[number];
export type StreamClientName = (typeof STREAM_CLIENTS)[number];

export type Handler = (request: Request) => Promise<Response>;

export type StreamOptions = {
  readonly fetch?: typeof globalThis.fetch;
  readonly onMetadata?: (args: { readonly runId: string }) => void;
  readonly onData?: (args: { readonly data: unknown; readonly hashedStepId: string | null }) => void;
  readonly onCommit?: (args: { readonly hashedStepId: string | null }) => void;
  readonly onRollback?: (args: { readonly hashedStepId: string | null }) => void;
};

type Adapter = { withOptions(options: Readonly<Record<string, unknown>>): Adapter };

export type EndpointClient = {
  readonly Inngest: new (options: Readonly<Record<string, unknown>>) => { endpoint(handler: Handler): Handler; endpointProxy(): Handler };
  readonly step: {
    run<T>(id: string, body: () => T | Promise<T>): Promise<T>;
    sleep(id: string, time: string): Promise<void>;
  };
  readonly endpointAdapter: Adapter;
  readonly serveEndpoint: (handler: Handler) => RequestListener;
};

export type StreamClient = EndpointClient & {
  readonly stream: { push(data: unknown): void; pipe(source: () => AsyncIterable<string>): Promise<string> };
  readonly fetchWithStream: (url: string, options?: StreamOptions) => Promise<Response>;
};

/** Loads a client. An official one is installed when first needed. */
export async function loadEndpoints(client: EndpointClientName): Promise<EndpointClient> {
  if (client !== "inngest-v3") return loadStreams(client);
  // 4.x and 3.x keep different things under the same name in the process; where both are loaded, as here alone, the later one breaks.
  Reflect.deleteProperty(globalThis, Symbol.for("inngest:als"));
  const [official, { serveEndpoint }] = await Promise.all([importOfficial(client), import("pawl/node")]);
  // It has no adapter for Node's http.
  return { ...(official as Omit<EndpointClient, "serveEndpoint">), serveEndpoint };
}

/** The same with what streams. */
export async function loadStreams(client: StreamClientName): Promise<StreamClient> {
  if (client === "inngest-v4") return (await importOfficial(client)) as StreamClient;
  const [main, node, endpoints, browser] = await Promise.all([
    import("pawl/inngest"),
    import("pawl/inngest/node"),
    import("pawl/inngest/experimental/durable-endpoints"),
    import("pawl/inngest/experimental/durable-endpoints/client"),
  ]);
  const { Inngest, step } = main;
  const { endpointAdapter, serveEndpoint } = node;
  return {
    Inngest,
    step,
    endpointAdapter,
    serveEndpoint,
    stream: endpoints.stream,
    fetchWithStream: browser.fetchWithStream,
  } as unknown as StreamClient;
}

async function importOfficial(client: Exclude<EndpointClientName, "pawl">): Promise<unknown> {
  return import(pathToFileURL(join(await installClient(client), "endpoint.mjs")).href);
}
