/**
 * What a caller gets whose run goes on without it.
 *
 * I1  The caller is told where the answer will be, even where the app's own address for it can't be made.
 *
 * Source: wire-protocol 7.6, 7.9.
 */
import { jsonResult, toResponse } from "./api-result.ts";
import type { EndpointOptions } from "./options.ts";
import type { EndpointSetup } from "./setup.ts";
import { eventText } from "./sse.ts";
import type { SyncRun } from "./sync-run.ts";

/** A redirect to the answer, or the token that opens it. */
export function asyncAnswer(setup: EndpointSetup, { request, run }: { readonly request: Request; readonly run: SyncRun }): Response {
  const { runId, token = "" } = run;
  if (setup.options.asyncResponse === "token") return toResponse(jsonResult(200, { run_id: runId, token }));
  return new Response(null, { status: 302, headers: { location: redirectUrl(setup, { request, runId, token }) } });
}

/** The last event of a stream that goes on at the server. */
export function redirectInfo(setup: EndpointSetup, { runId, token = "", realtimeToken }: SyncRun): string {
  const { apiBaseUrl } = setup.connection;
  const outputUrl = outputUrlOf(setup, { runId, token });
  const url = realtimeToken === undefined ? outputUrl : `${apiBaseUrl}v1/realtime/sse?token=${encodeURIComponent(realtimeToken)}`;
  return eventText("inngest.redirect_info", { runId, url, outputUrl });
}

type Claim = { readonly runId: string; readonly token: string };

function redirectUrl(setup: EndpointSetup, { request, runId, token }: Claim & { readonly request: Request }): string {
  const { asyncRedirectUrl } = setup.options;
  if (asyncRedirectUrl === undefined) return outputUrlOf(setup, { runId, token });
  try {
    return ownRedirectUrl(setup, { request, runId, token, asyncRedirectUrl });
  } catch (error) {
    setup.client.logger.error("`asyncRedirectUrl` gave no URL; the caller is redirected to the server.", error);
    // Keeps I1.
    return outputUrlOf(setup, { runId, token });
  }
}

type OwnRedirect = Claim & { readonly request: Request; readonly asyncRedirectUrl: NonNullable<EndpointOptions["asyncRedirectUrl"]> };

function ownRedirectUrl(setup: EndpointSetup, { request, runId, token, asyncRedirectUrl }: OwnRedirect): string {
  const base = setup.origin === undefined ? request.url : new URL(new URL(request.url).pathname, setup.origin);
  if (typeof asyncRedirectUrl === "function") return new URL(asyncRedirectUrl({ runId, token }), base).href;
  const url = new URL(asyncRedirectUrl, base);
  url.searchParams.set("runId", runId);
  url.searchParams.set("token", token);
  return url.href;
}

function outputUrlOf({ connection }: EndpointSetup, { runId, token }: Claim): string {
  return `${connection.apiBaseUrl}v1/http/runs/${runId}/output?token=${encodeURIComponent(token)}`;
}
