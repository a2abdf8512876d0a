/**
 * Messages as JSON text, made once and shared by all who get them.
 *
 * I1  The text has no line breaks, so it is one line of an event stream.
 * I2  Every message names its channel and topic, chunks too: subscribers of the official client drop those that don't ([bug] there).
 *
 * Spec: wire 10.3.
 */
import { isTooDeep } from "@pawl/protocol";
import { ENVIRONMENT_ID, rfc3339 } from "../http/rest/identity.ts";
import { parseJson } from "../http/ui/stored-json.ts";
import { given } from "../json.ts";
import { RUN_TOPIC, STEP_TOPIC, topicKey, type Topic } from "./topic.ts";

type MessageKind = "data" | "run" | "step" | "datastream-start" | "datastream-end" | "chunk";

export type Message = {
  readonly kind: MessageKind;
  readonly topic: Topic;
  /** JSON text. */
  readonly data: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** JSON text. */
  readonly metadata?: string;
  readonly runId?: string;
  readonly functionId?: string;
  readonly functionSlug?: string;
  /** Of chunks. */
  readonly streamId?: string;
};

/** The message's text. */
export function messageText(message: Message): string {
  const { kind, topic, data, createdAt, metadata, runId, functionId, functionSlug, streamId } = message;
  const rest = JSON.stringify({
    created_at: rfc3339(createdAt),
    channel: topic.channel,
    topic: topic.name,
    env_id: ENVIRONMENT_ID,
    ...given("run_id", runId),
    ...given("fn_id", functionId),
    ...given("fn_slug", functionSlug),
    ...given("stream_id", streamId),
  });
  const middle = metadata === undefined ? "" : `"metadata":${oneLine(metadata)},`;
  return `{"kind":"${kind}","data":${oneLine(data)},${middle}${rest.slice(1)}`;
}

/** Keys of the topics whose subscribers get the message. */
export function routesOf({ kind, topic }: Pick<Message, "kind" | "topic">): readonly string[] {
  const also = kind === "run" ? RUN_TOPIC : kind === "step" ? STEP_TOPIC : topic.name;
  const own = topicKey(topic);
  return also === topic.name ? [own] : [own, topicKey({ channel: topic.channel, name: also })];
}

/** A published body as JSON text: JSON as it is, anything else as a JSON string. */
export function dataText(body: string): string {
  return isJson(body) ? body : JSON.stringify(body);
}

/** Whether a text is JSON that clients can read. */
export function isJson(text: string): boolean {
  const value = parseJson(text);
  return value !== undefined && !isTooDeep(value);
}

/** Strings of JSON have no line breaks, so those that are there stand between values (keeps I1). */
function oneLine(json: string): string {
  return json.replace(/[\r\n]+/g, " ");
}
