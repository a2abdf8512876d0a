/**
 * Handlers from `Request` to `Response` behind `node:http`: durable endpoints and their proxy.
 *
 * I1  Headers with an empty value are kept: an empty signature is how a server in dev mode is told from a caller.
 */
import type { ServerResponse } from "node:http";
import { type ParsedRequest, readNodeRequest } from "./node-http.ts";

export type WebHandler = (request: Request) => Promise<Response>;

const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Answers one request. Never rejects. */
export async function answerNodeEndpoint(handler: WebHandler, request: ParsedRequest, response: ServerResponse): Promise<void> {
  try {
    await writeAnswer(await handler(await webRequest(request)), response);
  } catch {
    // The handler answers its own failures: the connection broke, or the request can't be one.
    if (!response.headersSent) response.writeHead(400);
    response.end();
  }
}

async function webRequest(request: ParsedRequest): Promise<Request> {
  const read = readNodeRequest(request);
  const { method, url } = read;
  const headers = new Headers();
  const { rawHeaders } = request;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    // Pseudo headers of HTTP/2.
    if (!name.startsWith(":")) headers.append(name, rawHeaders[index + 1] ?? "");
  }
  if (BODILESS.has(method)) return new Request(url, { method, headers });
  const content = await read.body();
  const text = content === undefined ? null : typeof content === "string" ? content : JSON.stringify(content);
  return new Request(url, { method, headers, body: text });
}

async function writeAnswer(answer: Response, response: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = {};
  answer.headers.forEach((value, name) => {
    headers[name] = value;
  });
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  if (answer.body === null) return void response.writeHead(answer.status, headers).end();
  response.writeHead(answer.status, headers);
  const reader = answer.body.getReader();
  response.on("close", () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!response.write(value)) await drained(response);
  }
  response.end();
}

/** Also when the caller is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
