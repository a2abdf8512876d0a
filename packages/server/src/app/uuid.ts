/** Deterministic UUIDs (version 5). Spec: wire 1.1. */
import { createHash } from "node:crypto";

/** The one environment of a server. */
const ENVIRONMENT_ID = "00000000-0000-4000-b000-000000000000";

/** The ISO OID namespace. */
const OID = Buffer.from("6ba7b8129dad11d180b400c04fd430c8", "hex");

/** UUID of a text in the OID namespace; `within`: of one that belongs to what has this UUID. */
export function uuidOf(text: string, within = ""): string {
  const owner = Buffer.from(within.replaceAll("-", ""), "hex");
  const hash = createHash("sha1").update(OID).update(owner).update(text).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** UUIDs of a durable endpoint and of its app, whose name is the domain. */
export function endpointIds({ domain, slug }: { readonly domain: string; readonly slug: string }): {
  readonly appId: string;
  readonly functionId: string;
} {
  const appId = uuidOf(domain, ENVIRONMENT_ID);
  return { appId, functionId: uuidOf(slug, appId) };
}
