/**
 * Requests and responses of `node:http` and of the frameworks that extend them (Express, Next.js pages), without detours: the body is read as
 * text, or taken from a parser that ran before; nothing is converted to `Request` or `Response`. Only types of Node are used here.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { App } from "../serve/app.ts";
import { HEARTBEAT_MS, type AppRequest } from "../serve/message.ts";

/** A request after a framework's parser. */
export type ParsedRequest = IncomingMessage & { readonly body?: unknown; readonly originalUrl?: string; readonly protocol?: string };

/** Answers one request. Never rejects. */
export async function handleNodeRequest(app: App, request: ParsedRequest, response: ServerResponse): Promise<void> {
  const answer = await app.handleStreaming(readNodeRequest(request));
  if (!("stream" in answer)) {
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
    return;
  }
  response.writeHead(answer.status, answer.headers);
  const timer = setInterval(() => response.write(" "), HEARTBEAT_MS);
  const text = await answer.stream;
  clearInterval(timer);
  response.end(text);
}

function readNodeRequest(request: ParsedRequest): AppRequest {
  return {
    method: request.method ?? "GET",
    url: new URL(request.originalUrl ?? request.url ?? "/", originOf(request)),
    header: (name) => first(request.headers[name]),
    body: () => readBody(request),
  };
}

/** Scheme and host as the client saw them: what proxies report, else what the connection says. */
function originOf(request: ParsedRequest): string {
  const isEncrypted = "encrypted" in request.socket && request.socket.encrypted === true;
  const scheme = first(request.headers["x-forwarded-proto"])?.split(",")[0]?.trim() ?? (isEncrypted ? "https" : "http");
  const host = first(request.headers["x-forwarded-host"])?.split(",")[0]?.trim() ?? request.headers.host ?? "localhost";
  const origin = `${scheme}://${host}`;
  return URL.canParse(origin) ? origin : "http://localhost";
}

/** Text of the body, or what a parser left in its place. */
async function readBody(request: ParsedRequest): Promise<unknown> {
  const { body } = request;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (body !== undefined && body !== null && !(request.readable && isEmptyObject(body))) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  if (chunks.length === 0) return isEmptyObject(body) ? undefined : body;
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : concatenate(chunks));
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** Express 4 sets `{}` when no parser took the body. */
function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
