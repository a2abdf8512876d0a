/**
 * Why something stands still or did not start: what is shown of a reason besides its sentence.
 *
 * R1  Sentences are the protocol's; here is only what surrounds them.
 *
 * Spec: dashboard 3.5.
 */
import { REASONS } from "@pawl/protocol";
import type { ReasonCode, RunPhase, UiReason } from "@pawl/protocol";

/** The reason as a clause: without “Held:” or “No run:” in front and without the full stop. */
export function clauseOf(code: ReasonCode): string {
  const text = REASONS[code].replace(/^(Held|No run): /, "").replace(/\.$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What happens at a reason's `until`. */
export function untilWords(code: ReasonCode): string {
  if (code === "sleeping") return "wakes";
  if (code === "start-delayed" || code === "throttle") return "may start";
  if (code === "retrying" || code === "app-unreachable") return "next attempt";
  return code.startsWith("waiting-for-") ? "times out" : "goes on at the latest";
}

/** Reasons whose `until` is when the run goes on; that of the others is only a timeout. */
const DUE: ReadonlySet<ReasonCode> = new Set(["retrying", "sleeping", "start-delayed", "app-unreachable", "throttle"]);

/** When the run goes on by itself; undefined where that depends on others. */
export function dueAt({ code, until }: UiReason): number | undefined {
  return DUE.has(code) ? until : undefined;
}

/** The phase that a function is in for an event that has started no run of it (yet). */
export function phaseOfOutcome(code: ReasonCode): RunPhase {
  return code === "debounced" || code === "batched" ? "held" : "skipped";
}

/** What an outcome's detail says. */
export type OutcomeDetail =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly text: string }
  /** The run in whose favour the event started none. */
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "event"; readonly eventId: string }
  /** A limit: so many in a period; one more at `nextAt`. */
  | { readonly kind: "limit"; readonly limit: number; readonly periodMs: number; readonly nextAt: number }
  /** Held until then at the latest. */
  | { readonly kind: "until"; readonly until: number };

const EVENT_DETAILS: ReadonlySet<ReasonCode> = new Set(["debounce-older-event", "debounce-superseded"]);
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Reads the detail of an outcome: JSON, an id, or a text for people. */
export function detailOf(code: ReasonCode, detail: string | undefined): OutcomeDetail {
  if (detail === undefined || detail === "") return { kind: "none" };
  if (ULID.test(detail)) return EVENT_DETAILS.has(code) ? { kind: "event", eventId: detail } : { kind: "run", runId: detail };
  const { limit, periodMs, nextAt, until } = fieldsOf(detail);
  if (typeof until === "number") return { kind: "until", until };
  if (typeof limit === "number" && typeof periodMs === "number" && typeof nextAt === "number")
    return { kind: "limit", limit, periodMs, nextAt };
  return { kind: "text", text: detail };
}

type Fields = { readonly [name in "limit" | "periodMs" | "nextAt" | "until"]?: unknown };

function fieldsOf(text: string): Fields {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
