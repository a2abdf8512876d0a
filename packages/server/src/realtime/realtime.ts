/**
 * Realtime: tokens, publishing, subscribing.
 *
 * Messages travel within this process only; with several nodes, a subscriber sees what is published at its own.
 *
 * Spec: wire 10; semantics 5.8.
 */
import type { RandomSource } from "@pawl/engine";
import type { Clock } from "../ports/clock.ts";
import type { LoadSecret } from "../ports/secrets.ts";
import { Hub, type HubLimits, type Subscriber, type SubscriberSink } from "./hub.ts";
import { type Message, messageText, routesOf } from "./message.ts";
import { type Grant, grantToken, readToken, REALTIME_SECRET } from "./token.ts";
import { STREAM_TOPIC, type Topic, topicKey } from "./topic.ts";

export type RealtimeOptions = {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly loadSecret: LoadSecret;
  readonly limits?: Partial<HubLimits>;
};

export type Publication = Omit<Message, "createdAt">;

export class Realtime {
  readonly clock: Clock;
  readonly hub: Hub;
  readonly #random: RandomSource;
  readonly #secret: Uint8Array;

  constructor({ clock, random, loadSecret, limits = {} }: RealtimeOptions) {
    this.clock = clock;
    this.hub = new Hub(limits);
    this.#random = random;
    this.#secret = loadSecret(REALTIME_SECRET);
  }

  /** A token. `lifetimeMs`: time in which it opens a connection; default: a minute. */
  grant(grant: Grant, lifetimeMs?: number): string {
    return grantToken(grant, { secret: this.#secret, ...this.#identity(), ...(lifetimeMs === undefined ? {} : { lifetimeMs }) });
  }

  /** What a token grants; undefined where it is not valid now. */
  verify(token: string): Grant | undefined {
    return readToken(token, { secret: this.#secret, now: this.clock.now() });
  }

  /** Sends a message to whoever listens. Does not wait for them. */
  publish(publication: Publication): void {
    const routes = routesOf(publication);
    if (this.hub.hasSubscribers(routes)) this.hub.publish(routes, messageText({ ...publication, createdAt: this.clock.now() }));
  }

  /** Passes whole events of an event stream on to those who listen to the channel's stream by server-sent events. */
  publishRaw(channel: string, events: string): void {
    this.hub.publishRaw(topicKey({ channel, name: STREAM_TOPIC }), events);
  }

  /** Subscribes a connection. `full`: there are too many already. */
  subscribe(sink: SubscriberSink, topics: readonly Topic[]): Subscriber | "full" {
    return this.hub.join(sink, topics);
  }

  /** A name for a stream of pieces. */
  nextStreamId(): string {
    return this.#identity().id;
  }

  /** Tells all subscribers to go. */
  stop(): void {
    this.hub.close();
  }

  #identity(): { readonly id: string; readonly now: number } {
    const now = this.clock.now();
    return { id: this.#random.ulid(now), now };
  }
}
