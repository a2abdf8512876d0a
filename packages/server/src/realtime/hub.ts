/**
 * Who gets which message. No I/O: sockets are sinks, and a test's sinks are lists.
 *
 * I1  A subscriber gets each message of its topics once, in the order of publishing, from when it subscribed; also where several of its
 *     topics match.
 * I2  What is kept for slow subscribers is bounded, for each and for all together (`outbox.ts`). One slow subscriber holds up neither
 *     publishers nor other subscribers.
 * I3  Nothing is stored: a message without subscribers is gone.
 *
 * Spec: wire 10.1, 10.4; semantics 5.8.
 */
import { REALTIME_SUBSCRIBERS_PER_TOPIC_MAX, REALTIME_TOPICS_PER_SUBSCRIBER_MAX } from "@pawl/protocol";
import { type Budget, type Frame, Outbox, type OutboxLimits, type Sink } from "./outbox.ts";
import { topicKey, type Topic } from "./topic.ts";

/** `too-slow`: it did not keep up with its messages. `closing`: the server stops. */
export type CloseReason = "too-slow" | "closing";

export type SubscriberSink = Sink & {
  /** Whether it also gets what was published as raw event stream. */
  readonly takesRaw: boolean;
  /** Ends the connection. Called once at most, and nothing is sent afterwards. */
  close(reason: CloseReason): void;
};

export type HubLimits = OutboxLimits & {
  /** Bytes that are kept for all subscribers together. */
  readonly totalBytesMax: number;
  readonly subscribersMax: number;
  readonly subscribersPerTopicMax: number;
  readonly topicsPerSubscriberMax: number;
};

const MIB = 1_024 * 1_024;

/** A few of the largest messages, or about a second of a fast stream of small ones. */
const LIMITS: HubLimits = {
  framesMax: 1_000,
  bytesMax: 4 * MIB,
  totalBytesMax: 256 * MIB,
  subscribersMax: 20_000,
  subscribersPerTopicMax: REALTIME_SUBSCRIBERS_PER_TOPIC_MAX,
  topicsPerSubscriberMax: REALTIME_TOPICS_PER_SUBSCRIBER_MAX,
};

/** A connection that has subscribed. */
export class Subscriber {
  readonly sink: SubscriberSink;
  readonly outbox: Outbox;
  readonly keys: Set<string> = new Set();

  constructor(sink: SubscriberSink, outbox: Outbox) {
    this.sink = sink;
    this.outbox = outbox;
  }

  /** The sink takes frames again. */
  ready(): void {
    this.outbox.ready();
  }
}

export class Hub {
  readonly #limits: HubLimits;
  readonly #budget: Budget;
  readonly #subscribers = new Set<Subscriber>();
  readonly #topics = new Map<string, Set<Subscriber>>();
  #isClosed = false;

  constructor(limits: Partial<HubLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#budget = { bytes: 0, bytesMax: this.#limits.totalBytesMax };
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Bytes kept for all subscribers. */
  get keptBytes(): number {
    return this.#budget.bytes;
  }

  /** Whether anyone would get a message of these topics. */
  hasSubscribers(keys: readonly string[]): boolean {
    return keys.some((key) => this.#topics.has(key));
  }

  /** Subscribes a connection; `full`: there are too many, of the server or of a topic, and it is not subscribed to anything. */
  join(sink: SubscriberSink, topics: readonly Topic[]): Subscriber | "full" {
    if (this.#isClosed || this.#subscribers.size >= this.#limits.subscribersMax) return "full";
    const subscriber = new Subscriber(sink, new Outbox(sink, { limits: this.#limits, budget: this.#budget }));
    this.#subscribers.add(subscriber);
    if (this.add(subscriber, topics)) return subscriber;
    this.leave(subscriber);
    return "full";
  }

  /** Adds topics. False: at least one was left out, because it or the subscriber has too many. */
  add(subscriber: Subscriber, topics: readonly Topic[]): boolean {
    if (!this.#subscribers.has(subscriber)) return false;
    let isWhole = true;
    for (const key of topics.map(topicKey)) {
      if (subscriber.keys.has(key)) continue;
      const members = this.#topics.get(key) ?? new Set<Subscriber>();
      if (members.size >= this.#limits.subscribersPerTopicMax || subscriber.keys.size >= this.#limits.topicsPerSubscriberMax) {
        isWhole = false;
        continue;
      }
      this.#topics.set(key, members.add(subscriber));
      subscriber.keys.add(key);
    }
    return isWhole;
  }

  remove(subscriber: Subscriber, topics: readonly Topic[]): void {
    for (const topic of topics) this.#forget(subscriber, topicKey(topic));
  }

  /** The connection is gone. */
  leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    for (const key of subscriber.keys) this.#forget(subscriber, key);
    subscriber.outbox.close();
  }

  /** Sends a message to the subscribers of any of these topics. Returns how many there are. */
  publish(keys: readonly string[], text: string): number {
    return this.#send(this.#receivers(keys), { text, isRaw: false });
  }

  /** Sends a piece of an event stream to the subscribers that can take it as it is. */
  publishRaw(key: string, text: string): number {
    return this.#send(
      this.#receivers([key]).filter(({ sink }) => sink.takesRaw),
      { text, isRaw: true },
    );
  }

  /** Tells all subscribers to go, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) this.#dismiss(subscriber, "closing");
  }

  /** Each once, in the order of their subscriptions (keeps I1). */
  #receivers(keys: readonly string[]): readonly Subscriber[] {
    const found = new Set<Subscriber>();
    for (const key of keys) for (const subscriber of this.#topics.get(key) ?? []) found.add(subscriber);
    return [...found];
  }

  #send(receivers: readonly Subscriber[], content: Omit<Frame, "bytes">): number {
    if (receivers.length === 0) return 0;
    const frame: Frame = { ...content, bytes: Buffer.byteLength(content.text) };
    for (const subscriber of receivers) if (!subscriber.outbox.push(frame)) this.#dismiss(subscriber, "too-slow");
    return receivers.length;
  }

  #dismiss(subscriber: Subscriber, reason: CloseReason): void {
    if (!this.#subscribers.has(subscriber)) return;
    this.leave(subscriber);
    subscriber.sink.close(reason);
  }

  #forget(subscriber: Subscriber, key: string): void {
    const members = this.#topics.get(key);
    subscriber.keys.delete(key);
    if (members?.delete(subscriber) === true && members.size === 0) this.#topics.delete(key);
  }
}
