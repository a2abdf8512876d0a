/** Deterministic UUIDs (version 5). Spec: wire 1.1. */
import { createHash } from "node:crypto";

/** The ISO OID namespace. */
const OID = Buffer.from("6ba7b8129dad11d180b400c04fd430c8", "hex");

/** UUID of a text in the OID namespace. */
export function uuidOf(text: string): string {
  const hash = createHash("sha1").update(OID).update(text).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
