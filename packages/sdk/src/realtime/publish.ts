/**
 * Publishing.
 *
 * I1  What doesn't fit the topic's schema is not published.
 * I2  A request that failed is not repeated: the message might be there already, and realtime messages are not numbered.
 *
 * Source: wire-protocol 10.5, sdk 20.
 */
import { HEADER } from "@pawl/protocol";
import { hashedSigningKey } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import { NonRetriableError } from "../error/errors.ts";
import { validateStandard } from "../event/standard-schema.ts";
import { jsonText } from "../json/json-text.ts";
import { schemaOf, type TopicRef } from "./channel.ts";

export type PublishOptions = {
  /** Run that the message is about. */
  readonly runId?: string | undefined;
  /** Anything that can be written as JSON, passed on with the message. */
  readonly metadata?: unknown;
};

/** Text that comes bit by bit. */
export type TextSource = AsyncIterable<string> | ReadableStream<string>;

export type Publishing = PublishOptions & { readonly connection: Connection; readonly topic: TopicRef };

/** Publishes one message. Resolves when the server has passed it on. Rejects where it refuses. */
export async function publishMessage(publishing: Publishing, data: unknown): Promise<void> {
  const { connection, topic } = publishing;
  await checkMessage(topic, data);
  const body = jsonText(data, `The message for topic "${topic.topic}"`);
  const reply = await connection.callApi({ method: "POST", path: pathOf(publishing), body });
  if (reply.status !== 200) throw refusal(topic, reply);
}

/** Publishes text while it comes, as one stream. Resolves when it has ended. */
export async function publishText(publishing: Publishing & { readonly fetch: typeof globalThis.fetch }, source: TextSource): Promise<void> {
  const { connection, topic, fetch } = publishing;
  const headers: Record<string, string> = { ...connection.headers, [HEADER.contentType]: "text/stream" };
  if (connection.signingKey !== undefined) headers[HEADER.authorization] = `Bearer ${await hashedSigningKey(connection.signingKey)}`;
  // `duplex` is required for bodies that are streams, and missing in the DOM's types.
  const init: RequestInit & { readonly duplex: "half" } = { method: "POST", headers, body: bytesOf(source), duplex: "half" };
  const reply = await fetch(connection.apiBaseUrl + pathOf(publishing), init);
  const body = await reply.text();
  if (reply.status !== 200) throw refusal(topic, { status: reply.status, body });
}

/** Keeps I1. */
async function checkMessage({ channel, topic, config }: TopicRef, data: unknown): Promise<void> {
  if (typeof channel !== "string" || channel === "" || typeof topic !== "string" || topic === "")
    throw new NonRetriableError("publish: expected a topic of a channel, such as `chat.status`, or { channel, topic }.");
  const schema = schemaOf(config);
  if (schema === undefined) return;
  const result = await validateStandard(schema, data);
  if ("issues" in result)
    throw new NonRetriableError(
      `publish: the message for topic "${topic}" of channel "${channel}" doesn't fit its schema: ${result.issues.join("; ")}.`,
    );
}

function pathOf({ topic, runId, metadata }: Publishing): string {
  const query = new URLSearchParams({ channel: topic.channel, topic: topic.topic });
  if (runId !== undefined) query.set("run_id", runId);
  if (metadata !== undefined) query.set("metadata", jsonText(metadata, "The metadata"));
  return `v1/realtime/publish?${query.toString()}`;
}

function bytesOf(source: TextSource): ReadableStream<Uint8Array> {
  const iterator = (source as AsyncIterable<string>)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else if (value !== "") controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

function refusal({ channel, topic }: TopicRef, { status, body }: { readonly status: number; readonly body: string }): Error {
  const message = `The message for topic "${topic}" of channel "${channel}" was not published (HTTP ${status}: ${body.slice(0, 500)}).`;
  // Trying again would not help.
  return status >= 400 && status < 500 && status !== 429 ? new NonRetriableError(message) : new Error(message);
}
