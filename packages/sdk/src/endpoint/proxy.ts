/**
 * The way to a run's answer through the app itself, where callers can't reach the server: the target of `asyncRedirectUrl`.
 *
 * I1  Only answers of runs are fetched, and the token in the query decides which: nothing is added to what the caller could see at the server.
 * I2  Where the client encrypts, an answer is opened for a token of the app's, never for one of the server's.
 * I3  Where the client encrypts, who reads a stream is led here, too, and finds the stream's last event.
 *
 * Source: wire-protocol 7.7.
 */
import { isUlid } from "@pawl/protocol";
import type { AnyPawl } from "../client/client.ts";
import { type Encryption, isEncryptedText } from "../encryption/encryption.ts";
import { jsonResult, readAnswer, toResponse } from "./api-result.ts";
import { wantsStream } from "./request-event.ts";
import { openAnswer, openToken } from "./sealed.ts";
import { responseText, RUNNING, STREAM_HEADERS } from "./sse.ts";

const CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, OPTIONS",
  "access-control-allow-headers": "*",
};

/** About the first answer's connection or length. */
const HOP_HEADERS: readonly string[] = ["connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"];

/** Handler that answers `?runId=…&token=…` with what the run ends with. It waits for the end, as the server does, for 5 minutes. */
export function createEndpointProxy(client: AnyPawl): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    const output = await fetchOutput(client, new URL(request.url).searchParams);
    const isStream = client.options.encryption !== undefined && wantsStream(request.headers.get("accept") ?? "");
    const answer = isStream ? await streamed(output) : output;
    for (const [name, value] of Object.entries(CORS)) answer.headers.set(name, value);
    return answer;
  };
}

/** Keeps I3. A run that goes on has no last event yet. */
async function streamed(output: Response): Promise<Response> {
  const result = await readAnswer(output);
  return new Response(result.body.includes(RUNNING) ? "" : responseText(result), { headers: STREAM_HEADERS });
}

async function fetchOutput(client: AnyPawl, query: URLSearchParams): Promise<Response> {
  const runId = query.get("runId") ?? "";
  const token = query.get("token") ?? "";
  if (!isUlid(runId) || token === "")
    return toResponse(jsonResult(400, { code: "invalid_request", message: "The query needs `runId` and `token`." }));
  const { encryption } = client.options;
  const inner = encryption && openToken(encryption, { runId, token });
  const fetch = client.options.fetch ?? globalThis.fetch;
  const url = `${client.connect().apiBaseUrl}v1/http/runs/${runId}/output?token=${encodeURIComponent(inner ?? token)}`;
  try {
    // A redirect is the handler's own answer.
    const answer = withoutHopHeaders(await fetch(url, { redirect: "manual" }));
    return encryption === undefined ? answer : await opened(client, { encryption, answer, runId, isOwnToken: inner !== undefined });
  } catch (error) {
    client.logger.warn(`The answer of run ${runId} could not be fetched.`, error);
    return toResponse(jsonResult(502, { code: "server_unreachable", message: "The server can't be reached. Try again later." }));
  }
}

function withoutHopHeaders({ body, status, headers }: Response): Response {
  const kept = new Headers(headers);
  for (const name of HOP_HEADERS) kept.delete(name);
  return new Response(body, { status, headers: kept });
}

type Fetched = {
  readonly encryption: Encryption;
  readonly answer: Response;
  readonly runId: string;
  /** Whether the caller's token is one that the app gave. */
  readonly isOwnToken: boolean;
};

/** The handler's answer. What is not encrypted (that the run goes on, that it failed) stays as it is. */
async function opened(client: AnyPawl, { encryption, answer, runId, isOwnToken }: Fetched): Promise<Response> {
  const text = await answer.text();
  if (!isEncryptedText(text)) return new Response(text === "" ? null : text, { status: answer.status, headers: answer.headers });
  // Keeps I2.
  if (!isOwnToken) {
    const message = "The answer is encrypted, and is opened only for the token that the endpoint gave to its caller.";
    return toResponse(jsonResult(403, { code: "forbidden", message }));
  }
  try {
    return toResponse(openAnswer(encryption, { runId, text }));
  } catch (error) {
    client.logger.error(`The answer of run ${runId} can't be opened.`, error);
    return toResponse(jsonResult(500, { code: "not_decryptable", message: "The answer can't be decrypted." }));
  }
}
