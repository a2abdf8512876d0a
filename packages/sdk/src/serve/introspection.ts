/**
 * What an app tells about itself: `GET`, and a part of in-band sync.
 *
 * Source: wire-protocol 4.9.
 */
import { normalizeSigningKey } from "@pawl/protocol";
import { hashedSigningKey } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import { sha256OfText } from "../client/mac.ts";
import { SDK_LANGUAGE, VERSION } from "../version.ts";

/** Version of this answer's shape. */
const SCHEMA_VERSION = "2024-05-24";
/** Digits of key hashes that are shown. */
const HASH_DIGITS = 12;

/** Features that a server may rely on. */
export const CAPABILITIES = { trust_probe: "v1" } as const;

export type AppFacts = {
  readonly appId: string;
  readonly connection: Connection;
  readonly framework: string;
  readonly functionCount: number;
  readonly serveOrigin: string | undefined;
  readonly servePath: string | undefined;
  readonly isStreaming: boolean;
};

/** What anyone may know. */
export function publicFacts(facts: AppFacts): Record<string, unknown> {
  const { connection } = facts;
  return {
    extra: { native_crypto: true },
    function_count: facts.functionCount,
    has_event_key: connection.eventKey !== undefined,
    has_signing_key: connection.signingKey !== undefined,
    mode: connection.mode,
    schema_version: SCHEMA_VERSION,
  };
}

/** What only the server may know. */
export async function privateFacts(facts: AppFacts): Promise<Record<string, unknown>> {
  const { connection } = facts;
  return {
    ...publicFacts(facts),
    extra: { native_crypto: true, is_streaming: facts.isStreaming },
    authentication_succeeded: true,
    api_origin: connection.apiBaseUrl,
    event_api_origin: connection.eventBaseUrl,
    app_id: facts.appId,
    capabilities: CAPABILITIES,
    env: connection.env ?? null,
    event_key_hash: connection.eventKey === undefined ? null : await sha256OfText(connection.eventKey),
    framework: facts.framework,
    sdk_language: SDK_LANGUAGE,
    sdk_version: VERSION,
    serve_origin: facts.serveOrigin ?? null,
    serve_path: facts.servePath ?? null,
    signing_key_hash: await keyHash(connection.signingKey),
    signing_key_fallback_hash: await keyHash(connection.signingKeyFallback),
  };
}

async function keyHash(key: string | undefined): Promise<string | null> {
  return key === undefined ? null : normalizeSigningKey(await hashedSigningKey(key)).slice(0, HASH_DIGITS);
}
