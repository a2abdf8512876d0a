/**
 * Realtime of the clients in one form.
 *
 * 4.x and ours have all of it in the client. 3.x publishes by its client, by a step, and by the context of functions that have the middleware
 * of a package of its own; that package also makes tokens and subscribes.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClientName } from "../harness/client-folder.ts";
import type { RealtimeOf, Subscription, TopicOf } from "./kit.ts";

/** The client's `realtime` of 4.x and ours; the last one is ours alone. */
type Current = Pick<RealtimeOf, "publish" | "token" | "subscribe"> & Partial<Pick<RealtimeOf, "publishText">>;

/** What 3.x publishes. */
type Message = { readonly channel: string; readonly topic: string; readonly data: unknown };

type Former = {
  publish(message: Message): Promise<unknown>;
  getSubscriptionToken(options: Subscription): Promise<{ readonly key?: string }>;
};

/** The package of 3.x. */
type FormerModule = {
  getSubscriptionToken(app: unknown, options: Subscription): Promise<{ readonly key?: string }>;
  subscribe(token: object, onMessage: (message: unknown) => void): Promise<{ cancel(): Promise<void> }>;
  realtimeMiddleware(): unknown;
};

export type RealtimeSource = {
  readonly client: ClientName;
  /** Folder of an official client. */
  readonly folder: string;
  /** The client's object. */
  readonly instance: { readonly realtime: unknown };
};

/** Realtime of a client. */
export async function loadRealtime({ client, folder, instance }: RealtimeSource): Promise<RealtimeOf> {
  if (client !== "inngest-v3") return current(instance.realtime as Current);
  const module = (await import(pathToFileURL(join(folder, "realtime.mjs")).href)) as FormerModule;
  return former(instance as { readonly realtime: Former }, module);
}

function current(realtime: Current): RealtimeOf {
  return {
    functionOptions: {},
    publish: (topic, data) => realtime.publish(topic, data),
    publishText: (topic, text) => realtime.publishText?.(topic, text) ?? realtime.publish(topic, streamOf(text)),
    publishStep: (step, { id, topic, data }) => step.realtime.publish(id, topic, data),
    token: (options) => realtime.token(options),
    subscribe: (options) => realtime.subscribe(options),
  };
}

function former(app: { readonly realtime: Former }, module: FormerModule): RealtimeOf {
  const message = ({ channel, topic }: TopicOf, data: unknown): Message => ({ channel, topic, data });
  return {
    functionOptions: { middleware: [module.realtimeMiddleware()] },
    publish: (topic, data) => app.realtime.publish(message(topic, data)),
    publishText: (topic, text) => app.realtime.publish(message(topic, streamOf(text))),
    publishStep: (step, { id, topic, data }) => step.realtime.publish(id, message(topic, data)),
    // Tokens are the client's and the package's, so that both ways are gone.
    token: ({ channel, topics }) => app.realtime.getSubscriptionToken({ channel, topics }),
    subscribe: async ({ channel, topics, onMessage }) => {
      const token = await module.getSubscriptionToken(app, { channel, topics });
      const stream = await module.subscribe(token, onMessage);
      return { close: () => void stream.cancel() };
    },
  };
}

/** A text as the official clients send it bit by bit. */
function streamOf(text: AsyncIterable<string>): ReadableStream<Uint8Array> {
  return ReadableStream.from(text).pipeThrough(new TextEncoderStream());
}
