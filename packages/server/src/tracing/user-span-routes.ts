/**
 * Where tracing libraries send the spans of users' code, by OTLP over HTTP. Answers and errors are messages in the request's own encoding.
 *
 * | route | who |
 * | --- | --- |
 * | `POST /v1/traces/userland` | the signing key, or an API key that may write |
 * | `POST /dev/traces` | anyone, in development only |
 *
 * Spec: wire 13.2; https://opentelemetry.io/docs/specs/otlp/#otlphttp.
 */
import { gunzip } from "node:zlib";
import { promisify } from "node:util";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isAuthorized } from "../http/auth.ts";
import type { ServerContext } from "../http/context.ts";
import { OtlpError, type OtlpSpan, readSpans } from "./otlp.ts";
import type { Rejected } from "./user-spans.ts";

const BODY_BYTES_MAX: number = 8 * 1024 * 1024;
const { LengthDelimited: BYTES, Varint: VARINT } = WireType;
const unzip = promisify(gunzip);

type Encoding = "protobuf" | "json";
type Failure = { readonly status: number; readonly code: number; readonly message: string };

/** Codes of gRPC. */
const INVALID_ARGUMENT = 3;
const UNAUTHENTICATED = 16;

/** Adds the routes. */
export async function userSpanRoutes(app: FastifyInstance, context: ServerContext): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const options = { bodyLimit: BODY_BYTES_MAX };
  app.post(
    "/v1/traces/userland",
    { ...options, onRequest: async (request, reply) => refuseStrangers(context, request, reply) },
    (request, reply) => take(context, request, reply),
  );
  if (context.kind === "dev") app.post("/dev/traces", options, (request, reply) => take(context, request, reply));
}

async function refuseStrangers(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (isAuthorized(context, request)) return;
  await fail(request, reply, { status: 401, code: UNAUTHENTICATED, message: "Authentication failed" });
}

async function take({ engine }: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  let spans: readonly OtlpSpan[];
  try {
    spans = readSpans(await bodyOf(request), encodingOf(request));
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    return fail(request, reply, { status: 400, code: INVALID_ARGUMENT, message: `The body is no export of traces: ${error.message}.` });
  }
  return succeed(request, reply, await engine.userSpans.add(spans));
}

/** A compressed body may not become larger than one that is sent as it is. */
async function bodyOf({ body, headers }: FastifyRequest): Promise<Uint8Array> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  if (headers["content-encoding"] === undefined || headers["content-encoding"] === "identity") return bytes;
  if (headers["content-encoding"] !== "gzip") throw new OtlpError(`the content-encoding ${headers["content-encoding"]} is not known`);
  try {
    return await unzip(bytes, { maxOutputLength: BODY_BYTES_MAX });
  } catch (error) {
    throw new OtlpError(`it can't be decompressed, or is larger than ${BODY_BYTES_MAX} bytes then`, { cause: error });
  }
}

function encodingOf({ headers }: FastifyRequest): Encoding {
  return headers["content-type"]?.includes("json") === true ? "json" : "protobuf";
}

function succeed(request: FastifyRequest, reply: FastifyReply, { count, reason }: Rejected): FastifyReply {
  const partial = { rejectedSpans: String(count), errorMessage: reason };
  if (encodingOf(request) === "json") return reply.send(count === 0 ? {} : { partialSuccess: partial });
  const writer = new BinaryWriter();
  if (count > 0) writer.tag(1, BYTES).fork().tag(1, VARINT).int64(count).tag(2, BYTES).string(reason).join();
  return reply.type("application/x-protobuf").send(Buffer.from(writer.finish()));
}

function fail(request: FastifyRequest, reply: FastifyReply, { status, code, message }: Failure): FastifyReply {
  if (encodingOf(request) === "json") return reply.code(status).send({ code, message });
  const bytes = new BinaryWriter().tag(1, VARINT).int32(code).tag(2, BYTES).string(message).finish();
  return reply.code(status).type("application/x-protobuf").send(Buffer.from(bytes));
}
