/**
 * Routes under `/v1/realtime`.
 *
 * | route | who |
 * | --- | --- |
 * | `POST token` | signing key |
 * | `POST publish`, `POST publish/tee` | signing key, or a token that may publish to the topic |
 * | `GET sse`, WebSocket `connect` | token |
 *
 * Without a signing key (`pawl dev`), whoever reaches the server may get tokens and publish; subscribing takes a token all the same.
 *
 * Three things differ from the reference on purpose: a message that is too large is refused and not cut off, every `topic` of a request
 * gets the message and not only the first, and the limit of a stream counts its bytes, so that many small pieces are no problem.
 *
 * Spec: wire 10; semantics 5.8.
 */
import {
  REALTIME_CHUNK_BYTES_MAX,
  REALTIME_MESSAGE_BYTES_MAX,
  REALTIME_STREAM_BYTES_MAX,
  REALTIME_TOPICS_PER_TOKEN_MAX,
} from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isAuthorized, requireSigningKey } from "../http/auth.ts";
import type { ServerContext } from "../http/context.ts";
import { sendError } from "../http/errors.ts";
import { onUpgrade } from "../http/upgrades.ts";
import { given } from "../json.ts";
import { openEventStream } from "./event-stream.ts";
import { dataText, isJson } from "./message.ts";
import { cutByEvent, cutBySize, readPieces, readWhole, type ReadingEnd } from "./pieces.ts";
import type { Publication, Realtime } from "./realtime.ts";
import { isTopicName, readTopics, STREAM_TOPIC, type Topic, topicKey } from "./topic.ts";
import { openWebSocket, refuseWebSocket } from "./web-socket.ts";

const PREFIX = "/v1/realtime";
const TOKEN_BODY_BYTES_MAX = 256 * 1_024;
const BAD_TOKEN = "The token is missing, not this server's, or older than a minute. Get a new one from POST /v1/realtime/token.";

type Parts = { readonly context: ServerContext; readonly realtime: Realtime };
type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** The routes of a realtime service, for `createHttpServer`. */
export function realtimeRoutes(realtime: Realtime): (app: FastifyInstance, context: ServerContext) => Promise<void> {
  return async (app, context) => {
    const parts = { context, realtime };
    await app.register(async (scope) => {
      scope.addHook("onRequest", requireSigningKey(context));
      scope.post(`${PREFIX}/token`, { bodyLimit: TOKEN_BODY_BYTES_MAX }, (request, reply) => giveToken(realtime, { request, reply }));
    });
    await app.register(async (scope) => publishRoutes(scope, parts));
    app.get(`${PREFIX}/sse`, (request, reply) => subscribe(realtime, { request, reply }));
    app.get(`${PREFIX}/connect`, (_request, reply) =>
      sendError(reply, { status: 426, code: "upgrade_required", message: "This address takes WebSocket connections only." }),
    );
    onUpgrade(app.server, `${PREFIX}/connect`, (upgrade) => {
      const token = upgrade.url.searchParams.get("token") ?? bearerOf(upgrade.request.headers.authorization) ?? "";
      const grant = realtime.verify(token);
      if (grant === undefined) refuseWebSocket(upgrade, BAD_TOKEN);
      else void openWebSocket(realtime, { upgrade, topics: grant.topics });
    });
    app.addHook("preClose", async () => realtime.stop());
  };
}

function publishRoutes(scope: FastifyInstance, parts: Parts): void {
  scope.removeAllContentTypeParsers();
  // Bodies are read by the handlers, which know whether to wait for the end.
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  // Streams may come for as long as they take; anything else comes as fast as elsewhere.
  const pieces = { config: { mayStream: isStream } };
  const stream = { config: { mayStream: () => true } };
  scope.post(`${PREFIX}/publish`, pieces, (request, reply) => publish(parts, { request, reply }));
  scope.post(`${PREFIX}/publish/tee`, stream, (request, reply) => tee(parts, { request, reply }));
}

function giveToken(realtime: Realtime, { request, reply }: Exchange): FastifyReply {
  const topics = readTopics(request.body);
  if (topics === undefined || topics.length === 0 || topics.length > REALTIME_TOPICS_PER_TOKEN_MAX)
    return invalid(
      reply,
      `The body must be a list of 1 to ${REALTIME_TOPICS_PER_TOKEN_MAX} topics such as [{"channel":"user:7","name":"progress","kind":"run"}].`,
    );
  return reply.code(201).send({ jwt: realtime.grant({ topics, canPublish: false }) });
}

async function publish(parts: Parts, { request, reply }: Exchange): Promise<unknown> {
  const topics = topicsOf(request);
  const runId = queryText(request, "run_id");
  const metadata = queryText(request, "metadata");
  if (topics === undefined) return invalid(reply, "The query needs a `channel` and a `topic`, each of at most 512 characters.");
  if (metadata !== undefined && !isJson(metadata)) return invalid(reply, "`metadata` must be JSON.");
  if (!mayPublish(parts, request, topics)) return unauthorized(reply);
  const send = (publication: Omit<Publication, "topic">): void => {
    for (const topic of topics) parts.realtime.publish({ ...publication, topic, ...given("runId", runId), ...given("metadata", metadata) });
  };
  if (isStream(request)) return publishStream(parts, { request, reply, send });
  const body = await readWhole(bodyOf(request), REALTIME_MESSAGE_BYTES_MAX);
  if (typeof body === "string") return finish(reply, { end: body, bytesMax: REALTIME_MESSAGE_BYTES_MAX });
  send({ kind: "data", data: dataText(body.text) });
  return finish(reply, { end: "whole", bytesMax: REALTIME_MESSAGE_BYTES_MAX });
}

type Streaming = Exchange & { readonly send: (publication: Omit<Publication, "topic">) => void };

async function publishStream({ realtime }: Parts, { request, reply, send }: Streaming): Promise<unknown> {
  const streamId = realtime.nextStreamId();
  const id = JSON.stringify(streamId);
  send({ kind: "datastream-start", data: id });
  const give = (piece: string): void => send({ kind: "chunk", data: JSON.stringify(piece), streamId });
  const end = await readPieces(bodyOf(request), { cutter: cutBySize(REALTIME_CHUNK_BYTES_MAX), give });
  // Also where the publisher broke off: subscribers must not wait for more.
  send({ kind: "datastream-end", data: id });
  return finish(reply, { end, bytesMax: REALTIME_STREAM_BYTES_MAX });
}

async function tee(parts: Parts, { request, reply }: Exchange): Promise<unknown> {
  const channel = queryText(request, "channel") ?? "";
  if (!isTopicName(channel)) return invalid(reply, "The query needs a `channel` of at most 512 characters.");
  if (!mayPublish(parts, request, [{ channel, name: STREAM_TOPIC }])) return unauthorized(reply);
  const give = (events: string): void => parts.realtime.publishRaw(channel, events);
  const end = await readPieces(bodyOf(request), { cutter: cutByEvent(), give });
  return finish(reply, { end, bytesMax: REALTIME_STREAM_BYTES_MAX });
}

async function subscribe(realtime: Realtime, { request, reply }: Exchange): Promise<unknown> {
  const grant = realtime.verify(tokenOf(request) ?? "");
  if (grant === undefined) return sendError(reply, { status: 401, code: "unauthorized", message: BAD_TOKEN });
  if (openEventStream(realtime, { response: reply.raw, topics: grant.topics })) return reply.hijack();
  return sendError(reply, {
    status: 503,
    code: "too_many_subscribers",
    message: "This server or topic has as many subscribers as it serves. Try again later.",
    retryAfterS: 10,
  });
}

function mayPublish({ context, realtime }: Parts, request: FastifyRequest, topics: readonly Topic[]): boolean {
  if (isAuthorized(context, request)) return true;
  const grant = realtime.verify(tokenOf(request) ?? "");
  if (grant?.canPublish !== true) return false;
  const granted = new Set(grant.topics.map(topicKey));
  return topics.every((topic) => granted.has(topicKey(topic)));
}

function topicsOf(request: FastifyRequest): readonly Topic[] | undefined {
  const channel = queryText(request, "channel") ?? "";
  const names = [...new Set([queryOf(request)["topic"] ?? []].flat())];
  if (!isTopicName(channel) || names.length === 0 || names.length > REALTIME_TOPICS_PER_TOKEN_MAX || !names.every(isTopicName))
    return undefined;
  return names.map((name) => ({ channel, name }));
}

/** The body, left open where it is not read to its end, so that an answer can still be sent. */
function bodyOf({ raw }: FastifyRequest): AsyncIterable<Uint8Array> {
  return raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

function isStream({ headers }: FastifyRequest): boolean {
  return /^text\/stream\b/i.test(headers["content-type"] ?? "");
}

function tokenOf(request: FastifyRequest): string | undefined {
  return queryText(request, "token") ?? bearerOf(request.headers.authorization);
}

function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +(\S+)$/i.exec(header.trim())?.[1];
}

function queryOf(request: FastifyRequest): Readonly<Record<string, string | string[] | undefined>> {
  return request.query as Readonly<Record<string, string | string[] | undefined>>;
}

/** The first, where there are several. */
function queryText(request: FastifyRequest, name: string): string | undefined {
  return [queryOf(request)[name] ?? []].flat()[0];
}

function invalid(reply: FastifyReply, message: string): FastifyReply {
  return sendError(reply, { status: 400, code: "invalid_request", message });
}

function unauthorized(reply: FastifyReply): FastifyReply {
  return sendError(reply, {
    status: 401,
    code: "unauthorized",
    message: "Publishing takes the signing key as bearer, or a token that may publish to the topic.",
  });
}

function finish(reply: FastifyReply, { end, bytesMax }: { readonly end: ReadingEnd; readonly bytesMax: number }): FastifyReply {
  if (end === "whole") return reply.code(200).send();
  // The rest of the body is not read.
  void reply.header("connection", "close");
  return sendError(
    reply,
    end === "broken-off"
      ? { status: 400, code: "invalid_request", message: "The body broke off." }
      : {
          status: 413,
          code: "too_large",
          message: `The body may have ${bytesMax / 1_024} KiB, but more came; nothing beyond that is published. Publish a link to the content instead.`,
        },
  );
}
