/**
 * Node's own means for the core: requests with kept-alive connections, and digests without a trip to a thread.
 */
import { createHash, createHmac } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { installDigests } from "../client/mac.ts";
import { installTransport, type HttpReply, type HttpRequest } from "../client/transport.ts";

/** Idle connections are closed after this, in milliseconds: sooner than servers do it, so that none is used that is closing. */
const IDLE_SOCKET_MS = 4_000;
/** No answer of the API takes longer, in milliseconds. */
const REPLY_MS_MAX = 60_000;

const agentOptions = { keepAlive: true, keepAliveMsecs: 1_000, timeout: IDLE_SOCKET_MS, scheduling: "lifo" } as const;
let agents: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;

/** Makes all clients of this process use Node's means, unless they were given a transport. */
export function installNodePlatform(): void {
  installTransport(nodeTransport);
  installDigests({
    hmac: (key, message) => createHmac("sha256", key).update(message).digest("hex"),
    sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  });
}

/** A transport on `node:http` and `node:https`. */
export function nodeTransport(request: HttpRequest): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const outgoing = open(request, (reply) => {
      readReply(reply).then(resolve, reject);
    });
    outgoing.setTimeout(REPLY_MS_MAX, () =>
      outgoing.destroy(new Error(`No answer from ${new URL(request.url).origin} within ${REPLY_MS_MAX} ms.`)),
    );
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
}

function open(request: HttpRequest, onReply: (reply: IncomingMessage) => void): ClientRequest {
  agents ??= { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };
  const { method, url, body } = request;
  const headers = body === undefined ? request.headers : { ...request.headers, "content-length": String(Buffer.byteLength(body)) };
  if (url.startsWith("https:")) return httpsRequest(url, { method, headers, agent: agents.https }, onReply);
  return httpRequest(url, { method, headers, agent: agents.http }, onReply);
}

function readReply(reply: IncomingMessage): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    let body = "";
    reply.setEncoding("utf8");
    reply.on("data", (chunk: string) => (body += chunk));
    reply.on("end", () => resolve({ status: reply.statusCode ?? 0, body }));
    reply.on("error", reject);
  });
}
