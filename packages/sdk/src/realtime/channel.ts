/**
 * Channels and their topics: what names and types realtime messages.
 *
 * Source: sdk 20.
 */
import type { InputOf, OutputOf, StandardSchema } from "../event/standard-schema.ts";
import type { Any } from "../json/any.ts";

/** A topic: with a schema its messages are typed, and checked before they are published and when they arrive. */
export type TopicOptions = { readonly schema?: Any };
export type TopicsOptions = Readonly<Record<string, TopicOptions>>;

/** What is published to a topic, and what its subscribers get. */
export type PublishedData<T> = T extends { readonly schema: infer S extends StandardSchema<Any, Any> } ? InputOf<S> : Any;
export type ReceivedData<T> = T extends { readonly schema: infer S extends StandardSchema<Any, Any> } ? OutputOf<S> : Any;

/** A topic of a channel: what `publish` takes. */
export type TopicRef<Data = Any> = {
  readonly channel: string;
  readonly topic: string;
  readonly config?: TopicOptions;
  /** Only a type. */
  readonly $data?: Data;
};

/** A channel with its name: `channel.status` is the topic `status`. */
export type Channel<Name extends string = string, Topics extends TopicsOptions = TopicsOptions> = {
  readonly name: Name;
  readonly topics: Topics;
} & { readonly [K in keyof Topics & string]: TopicRef<PublishedData<Topics[K]>> };

/** Any channel, for parameters. */
export type AnyChannel = { readonly name: string; readonly topics: TopicsOptions };

/** A channel whose name depends on something: call it to get the channel. */
export type ChannelDefinition<Args extends readonly Any[], Topics extends TopicsOptions, Name extends string = string> = ((
  ...args: Args
) => Channel<Name, Topics>) & {
  readonly topics: Topics;
  /** Only a type: what the name is made of. */
  readonly $params: Args[0];
};

/** Only a type: the data of each topic. */
type Inferred<Topics extends TopicsOptions> = { readonly $infer: { readonly [K in keyof Topics]: PublishedData<Topics[K]> } };

export type ChannelOptions<Name, Topics extends TopicsOptions> = {
  /** A name, or a function that makes one. */
  readonly name: Name;
  readonly topics: Topics;
};

/** Names that a channel's own members have. */
const RESERVED: readonly string[] = ["name", "topics"];

/**
 * Describes a channel. With a text as name it is one channel, with a function a family of them:
 * `channel({ name: (user: string) => \`user:\${user}\`, topics: { status: {} } })("7").status`.
 * Throws a TypeError for a topic called `name` or `topics`.
 */
export function channel<const Name extends string, const Topics extends TopicsOptions>(
  options: ChannelOptions<Name, Topics>,
): Channel<Name, Topics> & Inferred<Topics>;
export function channel<const Args extends readonly Any[], const Name extends string, const Topics extends TopicsOptions>(
  options: ChannelOptions<(...args: Args) => Name, Topics>,
): ChannelDefinition<Args, Topics, Name> & Inferred<Topics>;
export function channel({ name, topics }: ChannelOptions<string | ((...args: Any[]) => string), TopicsOptions>): unknown {
  const reserved = Object.keys(topics).find((topic) => RESERVED.includes(topic));
  if (reserved !== undefined) throw new TypeError(`channel: a topic can't be called "${reserved}". Choose another name.`);
  if (typeof name === "string") return channelOf(name, topics);
  return Object.assign((...args: unknown[]) => channelOf(name(...args), topics), { topics });
}

function channelOf(name: string, topics: TopicsOptions): AnyChannel {
  const refs = Object.entries(topics).map(([topic, config]) => [topic, { channel: name, topic, config }] as const);
  return { ...Object.fromEntries(refs), name, topics };
}

/** A channel's name, of the channel or the name itself. */
export function channelName(target: string | AnyChannel): string {
  return typeof target === "string" ? target : target.name;
}

/** The schema of a topic, where it is known and is one. */
export function schemaOf(config: TopicOptions | undefined): StandardSchema | undefined {
  const schema: unknown = config?.schema;
  return typeof schema === "object" && schema !== null && "~standard" in schema
    ? (schema as StandardSchema)
    : typeof schema === "function" && "~standard" in schema
      ? (schema as unknown as StandardSchema)
      : undefined;
}

/** Names under which existing code builds channels: `realtime.channel(…)`. */
export const realtime: { readonly channel: typeof channel } = { channel };
