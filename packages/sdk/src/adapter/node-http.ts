/**
 * Requests and responses of `node:http` and of the frameworks that extend them (Express, Next.js pages), without detours: the body is read as
 * text, or taken from a parser that ran before; nothing is converted to `Request` or `Response`. Nothing of Node is imported but types, so that
 * bundlers for other platforms accept this file.
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
    // With its length known, head and body leave in one piece.
    response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
    response.end(answer.body);
    return;
  }
  response.writeHead(answer.status, answer.headers);
  const timer = setInterval(() => response.write(" "), HEARTBEAT_MS);
  const text = await answer.stream;
  clearInterval(timer);
  response.end(text);
}

/** The request as the core sees it. */
export function readNodeRequest(request: ParsedRequest): AppRequest {
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
  const chunks = await readChunks(request);
  if (chunks.length === 0) return isEmptyObject(body) ? undefined : body;
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : concatenate(chunks));
}

/** By events: an asynchronous iterator over the request costs as much as the rest of a call. */
function readChunks(request: IncomingMessage): Promise<Uint8Array[]> {
  if (!request.readable) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => resolve(chunks));
    request.on("error", reject);
    request.on("close", () => reject(new Error("The connection was closed before the body was complete.")));
  });
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
