/**
 * `POST /e/{key}` and `POST /invoke/{slug}`.
 *
 * I1  Events before a bad one are stored and their ids returned, as senders of the protocol expect; nothing after it is.
 * I2  200 is answered when every event is durable.
 * I3  A server that has too much in hand answers 503 with Retry-After before it reads a body (back-pressure.ts).
 *
 * Spec: wire 8; semantics 1. Where the reference answers `[""]` for no events, the list is empty here ([bug] there).
 */
import { isEventTime, mergeSessions } from "@pawl/engine";
import { HEADER, isTooDeepJson, seededUlid } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkEvents, parseSeed, readEvents } from "../event/read-events.ts";
import { traceparentOf } from "../tracing/traceparent.ts";
import { refuseUnderPressure } from "./back-pressure.ts";
import { acceptsEventKey, bearerOf, hasKeyFor } from "./auth.ts";
import type { ServerContext } from "./context.ts";
import { hintFor, sendError } from "./errors.ts";
import { given, isRecord } from "../json.ts";

/** Body of one request: 5,000 events are rarely larger than a few kB each. */
const BODY_BYTES_MAX: number = 64 * 1024 * 1024;

/** Adds the routes. Bodies arrive as bytes, so that sizes are exact and errors ours. */
export function eventRoutes(app: FastifyInstance, context: ServerContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body));
  const onRequest = refuseUnderPressure(context.engine);
  app.post("/e/:key", { onRequest }, (request, reply) => takeEvents(context, request, reply));
  app.post("/e", (_request, reply) => reply.code(401).send(unknownKey("Event key is required")));
  app.post("/invoke/:slug", { onRequest }, (request, reply) => takeInvocation(context, request, reply));
}

async function takeEvents(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { key } = request.params as { readonly key: string };
  if (!acceptsEventKey(context, key)) {
    return context.eventKeys.length === 0
      ? reply.code(503).send(unknownKey("Event keys are required to process events securely", 503))
      : reply.code(401).send(unknownKey("Event key not found"));
  }
  const read = readEvents(bodyOf(request));
  const seed = parseSeed(textHeader(request, HEADER.eventIdSeed));
  const checked = checkEvents(read, { seed, ...traceparentOf(request) });
  const ids = checked.events.length === 0 ? [] : await context.engine.send(checked.events);
  if (checked.problem !== undefined)
    return reply.code(400).send({ ids, status: 400, error: checked.problem, code: "invalid_request", hint: hintFor(400) });
  return reply.code(200).send({ ids, status: 200 });
}

async function takeInvocation(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { slug } = request.params as { readonly slug: string };
  if (!isSender(context, request)) {
    return sendError(reply, {
      status: 401,
      code: "unauthorized",
      message: "Invoking a function needs an event key, an API key or the signing key as bearer.",
    });
  }
  const payload = parseObject(bodyOf(request));
  const problem = payload === undefined ? 'the body must be a JSON object such as {"data":{}}' : problemOf(payload);
  if (payload === undefined || problem !== undefined)
    return sendError(reply, { status: 400, code: "invalid_request", message: `Invalid invocation event: ${problem}.` });
  const seed = parseSeed(textHeader(request, HEADER.eventIdSeed));
  const internalId = seed === undefined ? undefined : seededUlid({ ...seed, index: 0 });
  const id = await context.engine.invoke({ target: slug, payload, ...given("internalId", internalId), ...traceparentOf(request) });
  return reply.code(200).send({ id, status: 200 });
}

function isSender(context: ServerContext, request: FastifyRequest): boolean {
  return acceptsEventKey(context, bearerOf(request.headers) ?? "") || hasKeyFor(context, request, "write");
}

function problemOf({ data, ts, meta }: Readonly<Record<string, unknown>>): string | undefined {
  if (data !== undefined && data !== null && !isRecord(data)) return "its data must be an object";
  if (ts !== undefined && ts !== null && ts !== 0 && !isEventTime(ts)) return "its ts must be whole milliseconds from 1980 to 2100";
  const sessions = mergeSessions(meta);
  return typeof sessions === "string" ? sessions : undefined;
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.length === 0 ? "{}" : body.toString("utf8"));
    if (isTooDeepJson(value, body.length)) return undefined;
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function textHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** The reference's fields, and what is in every refusal. */
function unknownKey(error: string, status = 401): unknown {
  const hint = "Send events to /e/<event key>, with a key that the server was started with or an API key that may send events.";
  return { status, message: "", error, code: "unauthorized", hint };
}
