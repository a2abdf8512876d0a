/**
 * Opcodes: what an app reports about the steps of a run, or asks for.
 *
 * I1  Opcode names are decoded without regard to case; an unknown name makes the whole response undecodable.
 *
 * Source: wire-protocol sections 6.1 and 6.2.
 */
import type { SerializedError } from "./call.ts";

/** All opcodes; the index is the opcode's number in the protocol. */
export const OPCODES = [
  "None",
  "Step",
  "StepRun",
  "StepError",
  "StepPlanned",
  "Sleep",
  "WaitForEvent",
  "InvokeFunction",
  "AIGateway",
  "Gateway",
  "WaitForSignal",
  "RunComplete",
  "StepFailed",
  "SyncRunComplete",
  "DiscoveryRequest",
  "DeferAdd",
  "DeferAbort",
] as const;

export type Opcode = (typeof OPCODES)[number];

/** One op as it travels, in responses and checkpoints. */
export type WireOp = {
  readonly op: Opcode;
  /** Hash of the step's effective id (see `hashStepId`). */
  readonly id: string;
  /** Meaning depends on the opcode; sometimes a value, such as a sleep's duration. */
  readonly name?: string;
  /** For people; falls back to `name`, then `id`. */
  readonly displayName?: string | null;
  readonly opts?: Readonly<Record<string, unknown>> | null;
  /** Output of the step, bare. */
  readonly data?: unknown;
  readonly error?: SerializedError | null;
  /** Start in Unix nanoseconds and duration in nanoseconds. */
  readonly timing?: OpTiming;
  /** The id as the user wrote it; `index` is absent for its first use. */
  readonly userland?: OpUserland;
  readonly metadata?: readonly OpMetadata[];
};

/** `a`: start, Unix nanoseconds (above 2^53, so not exact in a double). `b`: duration, nanoseconds. */
export type OpTiming = { readonly a: number; readonly b: number };

export type OpUserland = { readonly id: string; readonly index?: number };

export type OpMetadata = { readonly kind: string; readonly scope: string; readonly op: string; readonly values: unknown };

const LAZY: ReadonlySet<Opcode> = new Set<Opcode>(["DeferAdd", "DeferAbort"]);
const PRIORITY: ReadonlySet<Opcode> = new Set<Opcode>(["WaitForEvent", "DeferAdd", "DeferAbort"]);
const BY_LOWER_CASE: ReadonlyMap<string, Opcode> = new Map(OPCODES.map((opcode) => [opcode.toLowerCase(), opcode]));
const EXACT: ReadonlySet<string> = new Set(OPCODES);

/** True for ops that have no queue item and don't count toward the rules of parallelism. */
export function isLazyOpcode(opcode: Opcode): boolean {
  return LAZY.has(opcode);
}

/** True for ops that are processed before the others of the same response. */
export function isPriorityOpcode(opcode: Opcode): boolean {
  return PRIORITY.has(opcode);
}

/** Decodes an opcode's name (keeps I1); `undefined` when there is no such opcode. */
export function parseOpcode(name: string): Opcode | undefined {
  return EXACT.has(name) ? (name as Opcode) : BY_LOWER_CASE.get(name.toLowerCase());
}
