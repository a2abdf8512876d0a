/** Where realtime messages go. Spec: wire 10.1, 10.3. */
import { REALTIME_NAME_LENGTH_MAX } from "@pawl/protocol";
import { isRecord, textOf } from "../json.ts";

/** A name within a channel; both are free texts. */
export type Topic = { readonly channel: string; readonly name: string };

/** Topics with a meaning of their own: what becomes of a run, what becomes of its steps, the raw stream of a durable endpoint. */
export const RUN_TOPIC = "$run";
export const STEP_TOPIC = "$step";
export const STREAM_TOPIC = "$stream";

/** One text for each pair: the length in front tells where the channel ends. */
export function topicKey({ channel, name }: Topic): string {
  return `${channel.length}:${channel}${name}`;
}

/** Whether a text can be the name of a channel or topic. */
export function isTopicName(text: string): boolean {
  return text !== "" && text.length <= REALTIME_NAME_LENGTH_MAX;
}

/** A topic as the protocol writes it, `{channel, name, …}`; undefined where it is none. */
function readTopic(value: unknown): Topic | undefined {
  if (!isRecord(value)) return undefined;
  const topic = { channel: textOf(value["channel"]), name: textOf(value["name"]) };
  return isTopicName(topic.channel) && isTopicName(topic.name) ? topic : undefined;
}

/** Topics from a list; undefined where one is wrong. */
export function readTopics(value: unknown): readonly Topic[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const topics = value.map(readTopic);
  return topics.every((topic) => topic !== undefined) ? topics : undefined;
}
