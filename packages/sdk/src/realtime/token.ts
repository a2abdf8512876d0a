/**
 * Tokens: a server-side app asks for one, a browser subscribes with it.
 *
 * Source: wire-protocol 10.2, sdk 20.
 */
import type { Connection } from "../client/connection.ts";
import { type AnyChannel, channelName } from "./channel.ts";

/** Opens a subscription within a minute. */
export type ClientToken = {
  readonly key: string;
  /** Address of the server, for whoever has no other way to know it. */
  readonly apiBaseUrl?: string;
};

/** A token with what it is for. */
export type SubscriptionToken<
  C extends string | AnyChannel = string | AnyChannel,
  T extends readonly string[] = readonly string[],
> = ClientToken & {
  readonly channel: C;
  readonly topics: T;
};

/** Names of a channel's topics; any text where the channel is only a name. */
export type TopicNames<C> = C extends { readonly topics: infer Topics } ? keyof Topics & string : string;

export type TokenOptions<C extends string | AnyChannel, T extends readonly TopicNames<C>[]> = {
  readonly channel: C;
  readonly topics: T;
};

/** What tokens are asked of: a client. */
export type TokenSource = { connect(): Connection };

/** Asks the server for a token. Rejects where it refuses. */
export async function requestToken<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
  connection: Connection,
  { channel, topics }: TokenOptions<C, T>,
): Promise<SubscriptionToken<C, T>> {
  const name = channelName(channel);
  const body = JSON.stringify(topics.map((topic) => ({ channel: name, name: topic, kind: "run" })));
  const reply = await connection.callApi({ method: "POST", path: "v1/realtime/token", body });
  const key = reply.status === 201 || reply.status === 200 ? tokenIn(reply.body) : undefined;
  if (key === undefined) throw new Error(`There is no token for channel "${name}" (HTTP ${reply.status}: ${reply.body.slice(0, 500)}).`);
  return { channel, topics, key, apiBaseUrl: connection.apiBaseUrl.replace(/\/$/, "") };
}

/** A token for `subscribe`, with what it is for. */
export function getSubscriptionToken<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
  app: TokenSource,
  options: TokenOptions<C, T>,
): Promise<SubscriptionToken<C, T>> {
  return requestToken(app.connect(), options);
}

/** A token for a browser: only texts, so that it can be sent there as JSON. */
export async function getClientSubscriptionToken<C extends string | AnyChannel, const T extends readonly TopicNames<C>[]>(
  app: TokenSource,
  options: TokenOptions<C, T>,
): Promise<ClientToken> {
  const { key, apiBaseUrl } = await requestToken(app.connect(), options);
  return apiBaseUrl === undefined ? { key } : { key, apiBaseUrl };
}

function tokenIn(body: string): string | undefined {
  try {
    const { jwt } = JSON.parse(body) as { readonly jwt?: unknown };
    return typeof jwt === "string" ? jwt : undefined;
  } catch {
    return undefined;
  }
}
