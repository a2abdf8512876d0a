/**
 * `/mcp`: the Model Context Protocol over its streamable HTTP transport, with plain JSON answers.
 *
 * I1  Who may use the dashboard's API may use this (http/ui/access.ts). An API key that may read can call the tools that change nothing.
 * I2  A tool that waits ends when its client has gone, or when the server stops.
 *
 * Spec: wire 12.3. Departures: no session header, since there is nothing to keep; not open in `start`.
 */
import { EVENT_BYTES_MAX } from "@pawl/protocol";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../http/context.ts";
import { given } from "../json.ts";
import { hasAccess, requireAccess } from "../http/ui/access.ts";
import { answerRefusals, UiRefusal } from "../http/ui/ui-error.ts";
import type { Docs } from "./docs.ts";
import { failureOf, INVALID_REQUEST, PARSE_ERROR } from "./json-rpc.ts";
import { answerMessage, PROTOCOL_VERSIONS } from "./mcp-server.ts";
import type { Tool, ToolEnvironment } from "./tool.ts";
import { toolsOf } from "./tools.ts";

/** An event and what is around it. */
const BODY_BYTES_MAX: number = EVENT_BYTES_MAX + 64 * 1_024;

/** Messages in one request; only old clients send more than one. */
const BATCH_MAX = 20;

export type McpOptions = {
  /** Default: the documentation that comes with the server. */
  readonly readDocs?: () => Promise<Docs>;
};

/** The routes, for `createHttpServer`. */
export function mcpRoutes({ readDocs }: McpOptions = {}): (app: FastifyInstance, context: ServerContext) => void {
  const tools: ReadonlyMap<string, Tool> = new Map(toolsOf(readDocs).map((tool) => [tool.name, tool]));
  return (app, context) => {
    const stopping = new AbortController();
    answerRefusals(app, context);
    app.addHook("onRequest", requireAccess(context, "read"));
    app.addHook("preClose", async () => stopping.abort());
    app.post("/mcp", { bodyLimit: BODY_BYTES_MAX, errorHandler: answerUnreadable(app) }, (request, reply) =>
      take({ app, request, reply, tools, context, stopping: stopping.signal }),
    );
    // The server sends nothing by itself and keeps no sessions.
    app.route({
      method: ["GET", "DELETE"],
      url: "/mcp",
      handler: async (_request, reply) => {
        void reply.header("allow", "POST");
        throw new UiRefusal("This address takes POST only.", { status: 405, code: "method-not-allowed" });
      },
    });
  };
}

type Exchange = {
  readonly app: FastifyInstance;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly context: ServerContext;
  readonly stopping: AbortSignal;
};

async function take({ app, request, reply, tools, context, stopping }: Exchange): Promise<unknown> {
  const version = request.headers["mcp-protocol-version"];
  if (typeof version === "string" && !PROTOCOL_VERSIONS.includes(version))
    return refuse(reply, `The protocol version ${version} is not known; known are ${PROTOCOL_VERSIONS.join(", ")}.`);
  const { body } = request;
  const isBatch = Array.isArray(body);
  const messages: readonly unknown[] = isBatch ? body : [body];
  if (messages.length === 0 || messages.length > BATCH_MAX) return refuse(reply, `A batch has 1 to ${String(BATCH_MAX)} messages.`);
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const mayWrite = hasAccess(context, request, "write");
  const signal = AbortSignal.any([gone.signal, stopping]);
  const environment = { context, mayWrite, signal, callApi: apiOf(app, request) };
  const answers = (await Promise.all(messages.map((message) => answerMessage(message, tools, environment)))).filter(
    (answer) => answer !== undefined,
  );
  void reply.header("cache-control", "no-store");
  if (answers.length === 0) return reply.code(202).send();
  const isUnread = !isBatch && (answers[0] as { readonly id: unknown }).id === null;
  return reply
    .code(isUnread ? 400 : 200)
    .type("application/json")
    .send(JSON.stringify(isBatch ? answers : answers[0]));
}

/** Calls as the caller: with its key, under the name by which it knows the server. */
function apiOf(app: FastifyInstance, { headers }: FastifyRequest): ToolEnvironment["callApi"] {
  const { host = "localhost", authorization } = headers;
  return async ({ method, url, body }) => {
    const own = { host, ...given("authorization", authorization) };
    const reply = await app.inject({ method, url, headers: own, ...(body === undefined ? {} : { payload: body as object }) });
    return { status: reply.statusCode, text: reply.body };
  };
}

function refuse(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(400).send(failureOf(null, { code: INVALID_REQUEST, message }));
}

/** A body that is no JSON is answered as JSON-RPC has it; all else as elsewhere. */
function answerUnreadable(app: FastifyInstance): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    const { statusCode: status = 500 } = error;
    if (error instanceof UiRefusal || status >= 500) app.errorHandler(error, request, reply);
    else void reply.code(status).send(failureOf(null, { code: PARSE_ERROR, message: error.message }));
  };
}
