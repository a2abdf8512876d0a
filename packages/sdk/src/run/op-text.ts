/**
 * Ops as JSON text. A step's output is turned into text once; the same text goes into checkpoints and responses.
 *
 * Source: wire-protocol section 6.
 */
import { RUN_COMPLETE_ID, type Opcode, type SerializedError } from "@pawl/protocol";
import type { FoundStep } from "./found-step.ts";

/** When a step's code ran: Unix milliseconds, and duration in milliseconds. */
export type Timing = { readonly at: number; readonly ms: number };

/** An op that asks for something, or announces a step to be called back for. */
export function requestText(step: FoundStep): string {
  return `${head(step.request.op, step)},"data":null}`;
}

/** A finished step. `dataText`: JSON of its output. */
export function doneText(step: FoundStep, dataText: string, timing: Timing): string {
  return `${head("StepRun", step)},"timing":${timingText(timing)},"data":${dataText}}`;
}

/** A failed attempt. `isFinal`: no other will follow. */
export function failedText(
  step: FoundStep,
  failure: { readonly error: SerializedError; readonly isFinal: boolean },
  timing: Timing,
): string {
  const { error, isFinal } = failure;
  const data = isFinal ? { __serialized: true, name: error.name, message: error.message, stack: "" } : null;
  const op = isFinal ? "StepFailed" : "StepError";
  return `${head(op, step)},"timing":${timingText(timing)},"error":${JSON.stringify(error)},"data":${JSON.stringify(data)}}`;
}

/** The end of the run. */
export function completeText(dataText: string): string {
  return `{"op":"RunComplete","id":"${RUN_COMPLETE_ID}","data":${dataText}}`;
}

/** The op without its data and without the closing brace. */
function head(op: Opcode, step: FoundStep): string {
  const { request, hash, index, input } = step;
  const shownInput = input === undefined || input.length === 0 ? undefined : input;
  const opts = shownInput === undefined ? request.opts : { ...request.opts, input: shownInput };
  const text = JSON.stringify({
    op,
    id: hash,
    name: request.name,
    displayName: request.displayName,
    userland: index === 0 ? { id: request.id } : { id: request.id, index },
    opts,
  });
  return text.slice(0, -1);
}

/** Nanoseconds since 1970 don't fit into a double, so their zeros are appended as text. */
function timingText(timing: Timing): string {
  return `{"a":${Math.floor(timing.at)}000000,"b":${Math.max(0, Math.round(timing.ms * 1_000_000))}}`;
}
