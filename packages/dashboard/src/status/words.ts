/**
 * Words and tones of statuses. The words are those of `@pawl/protocol`, with a capital; nothing is renamed here.
 *
 * Spec: dashboard 3.2.
 */
import type { RunPhase, RunStatus, StepKind, UiSpan } from "@pawl/protocol";

/** Colour family of a status; the key of `data-tone` in the tokens. */
export type Tone = "queued" | "running" | "waiting" | "retrying" | "completed" | "failed" | "cancelled" | "skipped";

/** Everything with a glyph: the phases of a run, and what only a step can be. */
export type GlyphName = RunPhase | "timed_out";

export type SpanStatus = UiSpan["status"];

/** The tone of a run's phase. Held and paused share the tone of queued: their glyph and word differ. */
export function toneOfPhase(phase: RunPhase): Tone {
  return phase === "held" || phase === "paused" ? "queued" : phase;
}

/** The tone of a step's status. A wait that timed out is an outcome the function handles, so not a failure. */
export function toneOfSpan(status: SpanStatus): Tone {
  return status === "timed_out" ? "waiting" : status;
}

/** The phase that stands for a stored status where the phase isn't known. */
export function phaseOfStatus(status: RunStatus): RunPhase {
  return status.toLowerCase() as Lowercase<RunStatus>;
}

/** `wait-for-event` → `Wait for event`, `timed_out` → `Timed out`, `FAILED` → `Failed`. */
export function wordOf(code: RunPhase | RunStatus | SpanStatus | StepKind): string {
  const words = code.toLowerCase().replaceAll(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
