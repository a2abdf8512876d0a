/** `client.realtime`. Source: sdk 20. */
import type { Connection } from "../client/connection.ts";
import type { Runtime } from "../client/runtime.ts";
import type { Any } from "../json/any.ts";
import type { AnyChannel, TopicRef } from "./channel.ts";
import type { RealtimeMessage } from "./message.ts";
import { publishMessage, type PublishOptions, publishText, type TextSource } from "./publish.ts";
import { type CallbackOptions, type CallbackSubscription, type StreamSubscription, subscribe, type SubscribeOptions } from "./subscribe.ts";
import { requestToken, type SubscriptionToken, type TokenOptions, type TopicNames } from "./token.ts";

/** What the tools need of a client. */
export type RealtimeHost = {
  connect(): Connection;
  readonly runtime: Runtime;
  readonly options: { readonly fetch?: typeof globalThis.fetch };
};

export class RealtimeTools {
  readonly #host: RealtimeHost;

  constructor(host: RealtimeHost) {
    this.#host = host;
  }

  /**
   * Publishes a message to whoever listens now. In a function, this happens again whenever the function is called again;
   * `step.realtime.publish` does it once. Rejects when the message doesn't fit its schema, or the server refuses it.
   */
  publish<Data>(topic: TopicRef<Data>, data: Data, options: PublishOptions = {}): Promise<void> {
    return publishMessage({ ...options, topic, connection: this.#host.connect() }, data);
  }

  /** Publishes text while it comes, such as the output of a model: at most 1,000 KiB, within 16 minutes. Needs a `fetch` that can send streams. */
  publishText(topic: TopicRef, source: TextSource, options: PublishOptions = {}): Promise<void> {
    const fetch = this.#host.options.fetch ?? globalThis.fetch;
    return publishText({ ...options, topic, fetch, connection: this.#host.connect() }, source);
  }

  /** A token with which a browser may subscribe to the topics, within a minute. */
  token<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
    options: TokenOptions<C, T>,
  ): Promise<SubscriptionToken<C, T>> {
    return requestToken(this.#host.connect(), options);
  }

  /** Subscribes. See `subscribe` of `pawl/realtime`; this client gets the tokens. */
  subscribe<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
    options: SubscribeOptions<C, T> & CallbackOptions<RealtimeMessage<C, T[number]>>,
  ): Promise<CallbackSubscription>;
  subscribe<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
    options: SubscribeOptions<C, T> & { readonly onMessage?: undefined },
  ): Promise<StreamSubscription<RealtimeMessage<C, T[number]>>>;
  subscribe(options: Any): Promise<Any> {
    return subscribe({ app: this.#host, ...options });
  }
}
