/**
 * What workers ask for by HTTP, and the WebSocket.
 *
 * | route | who |
 * | --- | --- |
 * | `POST /v0/connect/start`, `/flush` | signing key |
 * | WebSocket `/v0/connect` | whoever shows the token from `start` in the first frame |
 * | `GET /v0/connect/envs/…` | anyone, in development only |
 *
 * `start` needs a signing key except in development, where whoever reaches the server may be a worker, as for every other route.
 *
 * Spec: wire 9.1, 9.6, 9.10; semantics 11.2.
 */
import {
  CONNECT_PATH,
  CONNECT_SUBPROTOCOL,
  HEADER,
  type MessageTable,
  replyAck,
  startRequest,
  startResponse,
  workerReply,
} from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Server } from "node:http";
import { isAuthorized } from "../http/auth.ts";
import type { ServerContext } from "../http/context.ts";
import { sendError } from "../http/errors.ts";
import { parseJson } from "../http/ui/stored-json.ts";
import { onUpgrade, refuseUpgrade, type Upgrade } from "../http/upgrades.ts";
import { given } from "../json.ts";
import { clientAddressOf, type TrustedProxies } from "../net/client-address.ts";
import type { Connect } from "./connect.ts";
import { connectionsOf, groupOf } from "./introspection.ts";

export type ConnectRoutesOptions = {
  readonly connect: Connect;
  /** Port of the gateway where it has one of its own; else workers come to the port of the API. */
  readonly gatewayPort: () => number | undefined;
};

type Parts = ConnectRoutesOptions & { readonly context: ServerContext };
type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

const START_BYTES_MAX = 1_024 * 1_024;
/** An answer of 8 MiB and what is around it. */
const FLUSH_BYTES_MAX = 9 * 1_024 * 1_024;

/** One gateway, one group. */
const GATEWAY_GROUP = "gw-dev";

/** The routes, for `createHttpServer`. */
export function connectRoutes(options: ConnectRoutesOptions): (app: FastifyInstance, context: ServerContext) => Promise<void> {
  return async (app, context) => {
    const parts: Parts = { ...options, context };
    await app.register(async (scope) => workerRoutes(scope, parts));
    if (context.kind === "dev") introspectionRoutes(app, parts);
    app.get(CONNECT_PATH, (_request, reply) =>
      sendError(reply, { status: 426, code: "upgrade_required", message: "This address takes WebSocket connections of workers only." }),
    );
    acceptWorkers(app.server, options.connect, context.trustedProxies);
    app.addHook("preClose", async () => options.connect.close());
  };
}

/** Lets workers connect to a server. */
export function acceptWorkers(server: Server, connect: Connect, proxies: TrustedProxies | undefined): void {
  onUpgrade(server, CONNECT_PATH, (upgrade) => {
    const offered = (upgrade.request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (!connect.hasRoom)
      return refuseUpgrade(upgrade.socket, { status: 503, message: "The server is stopping, or has as many workers as it takes." });
    if (!offered.includes(CONNECT_SUBPROTOCOL))
      return refuseUpgrade(upgrade.socket, { status: 400, message: `The subprotocol must be ${CONNECT_SUBPROTOCOL}.` });
    const address = clientAddressOf(upgrade.request, proxies);
    accept(connect, { ...upgrade, address }).catch((error: unknown) => {
      connect.logger.error({ client: address, error: String(error) }, "a worker could not connect");
      upgrade.socket.destroy();
    });
  });
}

async function accept(connect: Connect, upgrade: Upgrade & { readonly address: string }): Promise<void> {
  const { openWorkerSocket } = await import("./socket.ts");
  openWorkerSocket(connect, upgrade);
}

function workerRoutes(scope: FastifyInstance, parts: Parts): void {
  scope.addHook("onRequest", async (request, reply) => {
    if (isAuthorized(parts.context, request)) return undefined;
    const message = request.headers.authorization === undefined ? "missing Authorization header" : "authentication failed";
    return sendError(reply, { status: 401, code: "authentication_failed", message });
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // The second names are an accident of the reference that its clients may have come to rely on.
  for (const prefix of [CONNECT_PATH, "/v0"]) {
    scope.post(`${prefix}/start`, { bodyLimit: START_BYTES_MAX }, (request, reply) => start(parts, { request, reply }));
    scope.post(`${prefix}/flush`, { bodyLimit: FLUSH_BYTES_MAX }, (request, reply) => flush(parts, { request, reply }));
  }
}

async function start({ connect, gatewayPort }: Parts, { request, reply }: Exchange): Promise<FastifyReply> {
  const { encode } = await import("./codec.ts");
  if ((await read(startRequest, request.body)) === undefined) return unreadable(reply, "StartRequest");
  if (connect.isDraining)
    return sendError(reply, { status: 503, code: "connect_gateway_closing", message: "The server is stopping.", retryAfterS: 1 });
  const ticket = connect.ticket();
  if (ticket === undefined)
    return sendError(reply, { status: 429, code: "connect_connection_limit", message: "reached max allowed connections" });
  const syncToken = (request.headers.authorization ?? "").replace(/^bearer /i, "");
  const gatewayEndpoint = endpointOf(request, gatewayPort());
  const body = encode(startResponse, { ...ticket, gatewayEndpoint, gatewayGroup: GATEWAY_GROUP, syncToken });
  return reply.type("application/octet-stream").send(Buffer.from(body));
}

async function flush({ connect }: Parts, { request, reply }: Exchange): Promise<FastifyReply> {
  const { encode } = await import("./codec.ts");
  const message = await read(workerReply, request.body);
  if (message === undefined || message.requestId === "") return unreadable(reply, "SDKResponse with a request_id");
  if (parseJson(new TextDecoder().decode(message.systemTraceCtx)) === undefined)
    return sendError(reply, { status: 400, code: "invalid_request", message: "system_trace_ctx must be JSON; {} will do." });
  if (!(await connect.flush(message)))
    return sendError(reply, {
      status: 503,
      code: "connect_reply_not_stored",
      message: "What follows from the answer could not be stored; the call is made again.",
      retryAfterS: 1,
    });
  return reply.type("application/octet-stream").send(Buffer.from(encode(replyAck, { requestId: message.requestId })));
}

function introspectionRoutes(app: FastifyInstance, { connect }: Parts): void {
  app.get(`${CONNECT_PATH}/envs/:envId/conns`, (request) => ({
    data: connectionsOf(connect.workers.all(), given("appId", (request.query as { readonly app_id?: string }).app_id)),
  }));
  app.get(`${CONNECT_PATH}/envs/:envId/groups/:groupId`, (request, reply) => {
    const { envId, groupId } = request.params as { readonly envId: string; readonly groupId: string };
    const group = groupOf(connect.workers.all(), { envId, groupId });
    return group === undefined
      ? sendError(reply, { status: 404, code: "not_found", message: "No worker of this group is connected." })
      : { data: group };
  });
}

/** The WebSocket's address as the worker reaches this server: through the same proxies. */
function endpointOf(request: FastifyRequest, port: number | undefined): string {
  const forwarded = first(request.headers["x-forwarded-proto"]);
  const scheme = forwarded === "https" || forwarded === "wss" ? "wss" : "ws";
  const host = first(request.headers["x-forwarded-host"]) ?? request.headers.host ?? "localhost";
  const url = URL.parse(`${scheme}://${host}${CONNECT_PATH}`) ?? new URL(`${scheme}://localhost${CONNECT_PATH}`);
  if (port !== undefined) url.port = String(port);
  return url.href;
}

function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(",")[0]?.trim();
}

async function read<T>(table: MessageTable<T>, body: unknown): Promise<T | undefined> {
  const { tryDecode } = await import("./codec.ts");
  return tryDecode(table, Buffer.isBuffer(body) ? body : new Uint8Array(0));
}

function unreadable(reply: FastifyReply, what: string): FastifyReply {
  return sendError(reply, {
    status: 400,
    code: "invalid_request",
    message: `The body must be a ${what} in protobuf (${HEADER.contentType}: application/protobuf).`,
  });
}
