/** Realtime: channels, subscriptions, tokens. Works in browsers; a client is needed only to publish and to get tokens. */
export { channel, realtime } from "./realtime/channel.ts";
export type {
  AnyChannel,
  Channel,
  ChannelDefinition,
  ChannelOptions,
  PublishedData,
  ReceivedData,
  TopicOptions,
  TopicRef,
  TopicsOptions,
} from "./realtime/channel.ts";
export type { DataMessage, RealtimeMessage, RunMessage, StreamMessage } from "./realtime/message.ts";
export type { PublishOptions, TextSource } from "./realtime/publish.ts";
export { subscribe } from "./realtime/subscribe.ts";
export type { CallbackOptions, CallbackSubscription, Key, StreamSubscription, SubscribeOptions } from "./realtime/subscribe.ts";
export { getClientSubscriptionToken, getSubscriptionToken } from "./realtime/token.ts";
export type { ClientToken, SubscriptionToken, TokenOptions, TokenSource, TopicNames } from "./realtime/token.ts";
export { staticSchema, type StandardSchema } from "./event/standard-schema.ts";
