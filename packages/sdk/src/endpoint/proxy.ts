/**
 * The way to a run's answer through the app itself, where callers can't reach the server: the target of `asyncRedirectUrl`.
 *
 * I1  Only answers of runs are fetched, and the token in the query decides which: nothing is added to what the caller could see at the server.
 *
 * Source: wire-protocol 7.7.
 */
import { isUlid } from "@pawl/protocol";
import type { AnyPawl } from "../client/client.ts";
import { jsonResult, toResponse } from "./api-result.ts";

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
    const answer = await fetchOutput(client, new URL(request.url).searchParams);
    for (const [name, value] of Object.entries(CORS)) answer.headers.set(name, value);
    return answer;
  };
}

async function fetchOutput(client: AnyPawl, query: URLSearchParams): Promise<Response> {
  const runId = query.get("runId") ?? "";
  const token = query.get("token") ?? "";
  if (!isUlid(runId) || token === "")
    return toResponse(jsonResult(400, { code: "invalid_request", message: "The query needs `runId` and `token`." }));
  const fetch = client.options.fetch ?? globalThis.fetch;
  const url = `${client.connect().apiBaseUrl}v1/http/runs/${runId}/output?token=${encodeURIComponent(token)}`;
  try {
    // A redirect is the handler's own answer.
    const { body, status, headers } = await fetch(url, { redirect: "manual" });
    const kept = new Headers(headers);
    for (const name of HOP_HEADERS) kept.delete(name);
    return new Response(body, { status, headers: kept });
  } catch (error) {
    client.logger.warn(`The answer of run ${runId} could not be fetched.`, error);
    return toResponse(jsonResult(502, { code: "server_unreachable", message: "The server can't be reached. Try again later." }));
  }
}
