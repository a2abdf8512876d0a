/**
 * Ids of traces and spans, from what they are about: whoever knows a run and a step knows their spans, and what is told twice is the same
 * span.
 *
 * Source: wire 13.3.
 */
import { hash } from "node:crypto";
import { type SpanIds, spanIdsOf } from "@pawl/protocol";

/** Ids of a seed. */
export function idsOf(seed: string | Uint8Array): SpanIds {
  return spanIdsOf(hash("sha256", seed, "buffer"));
}

/** The trace of a run, and the span of the run itself. */
export function runIds(runId: string): SpanIds {
  return idsOf(ulidBytes(runId));
}

/** The span of a step. */
export function stepSpanId(stepHash: string): string {
  return idsOf(stepHash).spanId;
}

/** The span of one attempt: of a step, by its hash, or of the run's own code (`function`). */
export function attemptSpanId(stepHash: string, attempt: number): string {
  return idsOf(`${stepHash}:${attempt}`).spanId;
}

/** The span of another attempt with the same number: the `nth` after the first. */
export function repeatedSpanId(seed: string, nth: number): string {
  return idsOf(`${seed}/${nth}`).spanId;
}

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The 16 bytes that a ULID's 26 characters stand for. */
function ulidBytes(ulid: string): Uint8Array {
  let value = 0n;
  for (const character of ulid.toUpperCase()) value = (value << 5n) | BigInt(Math.max(0, ALPHABET.indexOf(character)));
  return Buffer.from(value.toString(16).padStart(32, "0").slice(-32), "hex");
}
