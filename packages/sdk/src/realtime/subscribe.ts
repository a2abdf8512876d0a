/**
 * Subscriptions, on servers and in browsers.
 *
 * I1  A subscription that can get tokens by itself (an `app`, or a `key` that is a function) comes back after its connection is lost; what
 *     was published meanwhile is missed. One with a fixed token ends with its connection, because the token is too old by then.
 *
 * Source: sdk 20.
 */
import type { Any } from "../json/any.ts";
import { systemRuntime, type Runtime } from "../client/runtime.ts";
import { type AnyChannel, channelName } from "./channel.ts";
import { Fanout } from "./fanout.ts";
import { type FeedTarget, openEventFeed, openFeed, openSocketFeed } from "./feed.ts";
import { Inbox } from "./inbox.ts";
import type { RealtimeMessage } from "./message.ts";
import { publicApiUrl } from "./public-url.ts";
import { Session, type SessionStatus } from "./session.ts";
import { type ClientToken, requestToken, type TokenSource, type TopicNames } from "./token.ts";

/** A token, or its text alone. */
export type Key = string | ClientToken;

export type SubscribeOptions<C extends string | AnyChannel = string | AnyChannel, T extends readonly string[] = readonly string[]> = {
  readonly channel: C;
  readonly topics: T;
  /** A client: asks the server for tokens. Only where the signing key may be known. */
  readonly app?: TokenSource & { readonly runtime?: Runtime };
  /** A token, or a function that gets one; instead of `app`. */
  readonly key?: Key | (() => Promise<Key>) | undefined;
  /** Address of the server. Default: the token's, the app's, then the public variables, then `http://localhost:8288`. */
  readonly apiBaseUrl?: string;
  /** Whether messages are checked against the channel's schemas. Default true. */
  readonly validate?: boolean;
  /** Whether a lost connection comes back. Default: where new tokens can be got. */
  readonly reconnect?: boolean;
  /** Default: WebSocket where the platform has it, else server-sent events. */
  readonly transport?: "websocket" | "sse";
};

export type CallbackOptions<M> = {
  /** Is called for each message, in order; a promise is not waited for. */
  readonly onMessage: (message: M) => unknown;
  /** A message was not valid, `onMessage` failed, or the connection was lost. Default: ignored. */
  readonly onError?: (error: Error) => void;
};

export type CallbackSubscription = {
  close(): void;
  /** The same as `close`. */
  unsubscribe(): void;
};

/** Messages as a stream, with more streams of the same from where they are asked for. */
export type StreamSubscription<M> = ReadableStream<M> &
  CallbackSubscription & {
    getJsonStream(): ReadableStream<M>;
    /** Messages as server-sent events in bytes, for a response. */
    getEncodedStream(): ReadableStream<Uint8Array>;
  };

type MessageOf<C extends string | AnyChannel, T extends readonly string[]> = RealtimeMessage<C, T[number]>;

const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;

/** Subscribes. Resolves when the connection is there, rejects where it can't be opened at first. */
export function subscribe<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
  options: SubscribeOptions<C, T> & CallbackOptions<MessageOf<C, T>>,
): Promise<CallbackSubscription>;
export function subscribe<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
  options: SubscribeOptions<C, T> & { readonly onMessage?: undefined },
): Promise<StreamSubscription<MessageOf<C, T>>>;
export async function subscribe(options: Any): Promise<Any> {
  const { onMessage, onError = ignore } = options as Partial<CallbackOptions<RealtimeMessage>>;
  if (onMessage !== undefined) {
    const deliver = (message: RealtimeMessage): void => {
      new Promise((resolve) => resolve(onMessage(message))).catch((error: unknown) => onError(asError(error)));
    };
    return closable(await connect(options, { deliver, fail: onError, end: onError }));
  }
  const fanout = new Fanout<RealtimeMessage>();
  const stream = fanout.open((message) => message);
  const close = await connect(options, { deliver: (message) => fanout.push(message), fail: onError, end: (error) => fanout.end(error) });
  const end = (): void => {
    close();
    fanout.end();
  };
  const encoder = new TextEncoder();
  return Object.assign(stream, closable(end), {
    getJsonStream: () => fanout.open((message) => message),
    getEncodedStream: () => fanout.open((message) => encoder.encode(`data: ${JSON.stringify(message)}\n\n`)),
  });
}

type Receiver = {
  readonly deliver: (message: RealtimeMessage) => void;
  /** Something is wrong, and the subscription goes on. */
  readonly fail: (error: Error) => void;
  readonly end: (error: Error) => void;
};

/** Resolves, when the connection is there, to what closes it. */
function connect(options: SubscribeOptions, { deliver, fail, end }: Receiver): Promise<() => void> {
  const { app, key, channel, validate = true, transport } = options;
  const runtime = app?.runtime ?? systemRuntime;
  const inbox = new Inbox({ channel, validate, now: () => runtime.now(), deliver, fail });
  return new Promise((resolve, reject) => {
    let isOpen = false;
    const changed = (status: SessionStatus, error?: Error): void => {
      if (status === "open") {
        isOpen = true;
        return resolve(() => session.close());
      }
      if (error === undefined) return;
      inbox.interrupt(error);
      if (!isOpen) {
        session.close();
        reject(error);
      } else if (status === "closed") end(error);
      else fail(error);
    };
    const session: Session = new Session(
      {
        token: () => targetOf(options),
        open: transport === "sse" ? openEventFeed : transport === "websocket" ? openSocketFeed : openFeed,
        runtime,
        reconnect: options.reconnect ?? (key === undefined || typeof key === "function"),
        reconnectMinMs: RECONNECT_MIN_MS,
        reconnectMaxMs: RECONNECT_MAX_MS,
      },
      { changed, received: (text) => inbox.take(text) },
    );
  });
}

async function targetOf({ app, key, channel, topics, apiBaseUrl }: SubscribeOptions): Promise<FeedTarget> {
  if (key === undefined && app === undefined)
    throw new TypeError("subscribe: expected an `app`, or a `key` from getClientSubscriptionToken.");
  const token =
    key === undefined && app !== undefined
      ? await requestToken(app.connect(), { channel: channelName(channel), topics })
      : await (typeof key === "function" ? key() : key);
  return feedTarget(token ?? "", apiBaseUrl ?? app?.connect().apiBaseUrl);
}

/** Where a token connects to: `apiBaseUrl`, its own address, or the public one. */
export function feedTarget(token: Key, apiBaseUrl: string | undefined): FeedTarget {
  const { key, apiBaseUrl: own } = typeof token === "string" ? { key: token, apiBaseUrl: undefined } : token;
  return { key, apiBaseUrl: apiBaseUrl ?? own ?? publicApiUrl() };
}

function closable(close: () => void): CallbackSubscription {
  return { close, unsubscribe: close };
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

function ignore(): void {}
