/**
 * What a caller gets whose run goes on without it.
 *
 * I1  The caller is told where the answer will be, even where the app's own address for it can't be made.
 * I2  Where the client encrypts, callers are led to the app, which alone can open answers, with a token that only the app can make.
 *
 * Source: wire-protocol 7.6, 7.9.
 */
import { jsonResult, toResponse } from "./api-result.ts";
import type { EndpointOptions } from "./options.ts";
import { sealToken } from "./sealed.ts";
import type { EndpointSetup } from "./setup.ts";
import { eventText } from "./sse.ts";
import type { SyncRun } from "./sync-run.ts";

type Left = { readonly request: Request; readonly run: SyncRun };

/** A redirect to the answer, or the token that opens it. */
export function asyncAnswer(setup: EndpointSetup, left: Left): Response {
  if (setup.options.asyncResponse === "token")
    return toResponse(jsonResult(200, { run_id: left.run.runId, token: callerToken(setup, left.run) }));
  return new Response(null, { status: 302, headers: { location: redirectUrl(setup, left) } });
}

/** The last event of a stream that goes on at the server; where the client encrypts, only the answer is to come. */
export function redirectInfo(setup: EndpointSetup, left: Left): string {
  const { runId, realtimeToken } = left.run;
  const isSealed = setup.client.options.encryption !== undefined;
  const outputUrl = isSealed ? redirectUrl(setup, left) : outputUrlOf(setup, left.run);
  const streamUrl = `${setup.connection.apiBaseUrl}v1/realtime/sse?token=${encodeURIComponent(realtimeToken ?? "")}`;
  return eventText("inngest.redirect_info", { runId, url: isSealed || realtimeToken === undefined ? outputUrl : streamUrl, outputUrl });
}

/** Keeps I2. */
function callerToken({ client: { options } }: EndpointSetup, { runId, token = "" }: SyncRun): string {
  return options.encryption === undefined ? token : sealToken(options.encryption, { runId, token });
}

function redirectUrl(setup: EndpointSetup, { request, run }: Left): string {
  const { asyncRedirectUrl } = setup.options;
  if (asyncRedirectUrl === undefined) return outputUrlOf(setup, run);
  try {
    return ownRedirectUrl(setup, { request, runId: run.runId, token: callerToken(setup, run), asyncRedirectUrl });
  } catch (error) {
    setup.client.logger.error("`asyncRedirectUrl` gave no URL; the caller is redirected to the server.", error);
    // Keeps I1.
    return outputUrlOf(setup, run);
  }
}

type OwnRedirect = {
  readonly request: Request;
  readonly runId: string;
  readonly token: string;
  readonly asyncRedirectUrl: NonNullable<EndpointOptions["asyncRedirectUrl"]>;
};

function ownRedirectUrl(setup: EndpointSetup, { request, runId, token, asyncRedirectUrl }: OwnRedirect): string {
  const base = setup.origin === undefined ? request.url : new URL(new URL(request.url).pathname, setup.origin);
  if (typeof asyncRedirectUrl === "function") return new URL(asyncRedirectUrl({ runId, token }), base).href;
  const url = new URL(asyncRedirectUrl, base);
  url.searchParams.set("runId", runId);
  url.searchParams.set("token", token);
  return url.href;
}

function outputUrlOf({ connection }: EndpointSetup, { runId, token = "" }: SyncRun): string {
  return `${connection.apiBaseUrl}v1/http/runs/${runId}/output?token=${encodeURIComponent(token)}`;
}
