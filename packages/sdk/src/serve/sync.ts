/**
 * Sync: the server asks an app for its functions.
 *
 * I1  The address that is reported is the public one: overrides first, then what the request says; never with the query of this one request.
 *
 * Source: wire-protocol 4.2 to 4.6.
 */
import { HEADER, QUERY, type FunctionConfig, type InBandSyncReply, type RegisterReply, type RegisterRequest } from "@pawl/protocol";
import type { AnyFunction } from "../function/function.ts";
import { functionConfigs } from "../function/config.ts";
import { SDK_ID, SDK_LANGUAGE, VERSION } from "../version.ts";
import { CAPABILITIES, privateFacts, type AppFacts } from "./introspection.ts";
import type { AppRequest, AppResponse } from "./message.ts";

export type SyncInput = {
  readonly facts: AppFacts;
  readonly appVersion: string | undefined;
  readonly functions: readonly AnyFunction[];
  readonly request: AppRequest;
};

type Reply = Pick<AppResponse, "status" | "headers"> & { readonly body: unknown };

/** Registers the functions by a request of our own and reports how that went. */
export async function syncOutOfBand(input: SyncInput): Promise<Reply> {
  const headers = { [HEADER.syncKind]: "out_of_band" };
  try {
    const { status, reply } = await register(input);
    const message = reply.error ?? reply.message ?? "Successfully registered";
    return { status, headers, body: { message, modified: reply.modified ?? false } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 500, headers, body: { message: `Failed to register; ${reason}`, modified: false } };
  }
}

async function register(input: SyncInput): Promise<{ readonly status: number; readonly reply: RegisterReply }> {
  const { request, facts, appVersion } = input;
  const url = publicUrl(request.url, facts);
  const deployId = request.url.searchParams.get(QUERY.deployId);
  const hasDeployId = deployId !== null && deployId !== "" && deployId !== "undefined";
  const body: RegisterRequest = {
    url: url.href,
    deployType: "ping",
    framework: facts.framework,
    appName: facts.appId,
    ...(appVersion === undefined ? {} : { appVersion }),
    functions: configs(input, url),
    sdk: SDK_ID,
    v: "0.1",
    ...(hasDeployId ? { deployId } : {}),
    capabilities: CAPABILITIES,
  };
  const serverKind = request.header(HEADER.serverKind);
  const reply = await facts.connection.callApi({
    method: "POST",
    path: `fn/register${hasDeployId ? `?${QUERY.deployId}=${encodeURIComponent(deployId)}` : ""}`,
    headers: {
      [HEADER.syncKind]: "out_of_band",
      [HEADER.framework]: facts.framework,
      ...(serverKind === undefined ? {} : { [HEADER.expectedServerKind]: serverKind }),
    },
    body: JSON.stringify(body),
  });
  const answer = parseReply(reply.body, reply.status);
  return { status: answer.status ?? reply.status, reply: answer };
}

function parseReply(text: string, status: number): RegisterReply {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const shown = status === 401 ? `${text.trim().slice(0, 200)}; is the signing key the server's?` : reason;
    throw new Error(`${shown}; status code: ${status}`, { cause: error });
  }
}

/** The functions, in the response itself. `target`: the address that the server used. */
export async function syncInBand(input: SyncInput, target: string): Promise<Reply> {
  const { facts, appVersion } = input;
  const url = publicUrl(new URL(target), facts);
  const body: InBandSyncReply = {
    app_id: facts.appId,
    ...(appVersion === undefined ? {} : { appVersion }),
    capabilities: CAPABILITIES,
    env: facts.connection.env ?? null,
    framework: facts.framework,
    functions: configs(input, url),
    inspection: await privateFacts(facts),
    platform: facts.connection.platform ?? null,
    sdk_author: "pawl",
    sdk_language: SDK_LANGUAGE,
    sdk_version: VERSION,
    sdk: SDK_ID,
    url: url.href,
  };
  return { status: 200, headers: { [HEADER.syncKind]: "in_band" }, body };
}

/** The address in an in-band request's body; `undefined` when the body isn't `{"url": <absolute URL>}`. */
export function readSyncTarget(body: unknown): string | undefined {
  try {
    const value = (typeof body === "string" ? JSON.parse(body) : body) as { url?: unknown };
    return typeof value?.url === "string" && URL.canParse(value.url) ? value.url : undefined;
  } catch {
    return undefined;
  }
}

function configs(input: SyncInput, url: URL): FunctionConfig[] {
  return input.functions.flatMap((fn) => functionConfigs(fn, { type: "http", url: url.href }));
}

/** Keeps I1. */
function publicUrl(url: URL, overrides: Pick<AppFacts, "serveOrigin" | "servePath">): URL {
  const { serveOrigin, servePath } = overrides;
  const result = new URL(servePath ?? url.pathname + url.search, serveOrigin ?? url.origin);
  for (const name of [QUERY.deployId, QUERY.probe, QUERY.functionSlug, QUERY.stepId]) result.searchParams.delete(name);
  return result;
}
