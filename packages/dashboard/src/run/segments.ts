/**
 * What a step did when: the segments of a bar.
 *
 * S1  The segments of a span tile it: each begins where the one before ends, from `queuedAt` (or an earlier start) to its end or now.
 * S2  A call to the function's own code that went well counts only where no step is under way: such a call may be recorded as one stretch
 *     from the beginning of the run to its end, with all of its steps and sleeps inside.
 *
 * Spec: dashboard 3.3.
 */
import type { RunStatus, UiAttempt, UiRunDetail, UiSpan } from "@pawl/protocol";
import { toneOfSpan } from "../status/words.ts";
import type { Tone } from "../status/words.ts";

/** `steps`: the function's own code rests while its steps are under way. `other`: we don't know. */
export type SegmentKind = "queue" | "exec" | "backoff" | "sleep" | "wait" | "invoke" | "steps" | "other";

export type Segment = {
  readonly kind: SegmentKind;
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  /** True while it lasts: `to` is now. */
  readonly isOpen: boolean;
  /** Zero-based, of an `exec`. */
  readonly attempt?: number;
};

/** A span and its segments. */
export type SpanSegments = { readonly span: UiSpan; readonly segments: readonly Segment[] };

/** All spans of a run with their segments, the function's own code first; a stand-in for it where it has no span yet. Keeps S2. */
export function segmentsOfRun(detail: UiRunDetail, now: number): readonly SpanSegments[] {
  const root = detail.spans.find((span) => span.kind === "function") ?? rootSpan(detail);
  const steps = detail.spans.filter((span) => span !== root).map((span) => ({ span, segments: segmentsOf(span, now) }));
  const covered = mergeIntervals(steps.flatMap((step) => step.segments));
  const own = segmentsOf(root, now).flatMap((segment) => (isGoodCall(segment) ? withoutCovered(segment, covered) : [segment]));
  return [{ span: root, segments: own }, ...steps];
}

/** The segments of a span in order of time. Keeps S1. */
export function segmentsOf(span: UiSpan, now: number): readonly Segment[] {
  const track = new Track(beginOf(span));
  const kind = passiveKind(span);
  if (kind === undefined) addCalls(track, span, now);
  else {
    track.add("queue", span.startedAt ?? span.endedAt ?? now, { isOpen: span.startedAt === undefined && span.endedAt === undefined });
    if (span.startedAt !== undefined)
      track.add(kind, span.endedAt ?? now, { tone: toneOfSpan(span.status), isOpen: span.endedAt === undefined });
  }
  return track.segments;
}

/** Segments one after the other. */
class Track {
  readonly segments: Segment[] = [];
  #at: number;

  constructor(from: number) {
    this.#at = from;
  }

  /** Adds a segment up to `to`. One without length is left out, but for calls: that they happened matters. */
  add(kind: SegmentKind, to: number, more: Partial<Segment> = {}): void {
    const from = this.#at;
    this.#at = Math.max(to, from);
    if (to > from || more.isOpen === true || kind === "exec") {
      this.segments.push({ kind, from, to: this.#at, tone: toneOfKind(kind), isOpen: false, ...more });
    }
  }
}

function addCalls(track: Track, span: UiSpan, now: number): void {
  let previous: UiAttempt | undefined;
  if (span.kind === "function") track.add("queue", span.startedAt ?? span.attempts[0]?.startedAt ?? span.endedAt ?? now);
  for (const attempt of span.attempts) {
    if (previous?.retryAt !== undefined) track.add("backoff", Math.min(previous.retryAt, attempt.startedAt));
    track.add(gapKind(span), attempt.startedAt);
    const isOpen = attempt.endedAt === undefined && span.endedAt === undefined;
    track.add("exec", attempt.endedAt ?? span.endedAt ?? now, { tone: toneOfAttempt(attempt), attempt: attempt.attempt, isOpen });
    previous = attempt;
  }
  if (span.endedAt !== undefined) track.add(span.kind === "function" ? "steps" : "other", span.endedAt);
  else if (previous?.outcome !== "running") track.add(span.status === "retrying" ? "backoff" : gapKind(span), now, { isOpen: true });
}

type Interval = { readonly from: number; readonly to: number };

function isGoodCall(segment: Segment): boolean {
  return segment.kind === "exec" && segment.tone === "completed";
}

/** A call, cut into what no step covers (the call) and what steps cover. */
function withoutCovered(call: Segment, covered: readonly Interval[]): readonly Segment[] {
  const pieces: Segment[] = [];
  let at = call.from;
  for (const { from, to } of covered) {
    if (to <= at || from >= call.to) continue;
    if (from > at) pieces.push({ ...call, from: at, to: from });
    const end = Math.min(to, call.to);
    pieces.push({ kind: "steps", from: Math.max(from, at), to: end, tone: "queued", isOpen: false });
    at = end;
  }
  if (at < call.to || pieces.length === 0) pieces.push({ ...call, from: at });
  return pieces;
}

/** Overlapping intervals joined, in order. */
function mergeIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else if (to > from) merged.push({ from, to });
  }
  return merged;
}

/** From the event's receipt (or the queueing, if earlier) to the end of the run, or now. */
export function runInterval(detail: UiRunDetail, now: number): { readonly from: number; readonly to: number } {
  const { run, spans } = detail;
  const from = Math.min(run.queuedAt, ...spans.map(beginOf));
  const to = run.endedAt ?? Math.max(now, from);
  return { from, to: Math.max(to, from + 1) };
}

function passiveKind(span: UiSpan): "sleep" | "wait" | "invoke" | undefined {
  if (span.kind === "sleep" || span.kind === "invoke") return span.kind;
  return span.kind === "wait-for-event" || span.kind === "wait-for-signal" ? "wait" : undefined;
}

/** What fills the time before a call: a step's item waits in the queue; the function's own code rests while its steps are under way. */
function gapKind(span: UiSpan): SegmentKind {
  return span.kind === "function" ? "steps" : "queue";
}

/** When a span begins. A step that was reported together with its result has started before it was queued. */
function beginOf(span: UiSpan): number {
  return Math.min(span.queuedAt, span.startedAt ?? span.queuedAt, span.attempts[0]?.startedAt ?? span.queuedAt);
}

const STAND_IN_STATUS: { readonly [status in RunStatus]: UiSpan["status"] } = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  SKIPPED: "cancelled",
};

/** Stands for the run's own code until the server has a span for it. */
function rootSpan({ run }: UiRunDetail): UiSpan {
  return {
    id: "function",
    kind: "function",
    name: run.functionName,
    status: STAND_IN_STATUS[run.status],
    queuedAt: run.queuedAt,
    ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    attempts: [],
  };
}

function toneOfAttempt(attempt: UiAttempt): Tone {
  return attempt.outcome === "lost" ? "retrying" : attempt.outcome;
}

function toneOfKind(kind: SegmentKind): Tone {
  if (kind === "backoff") return "retrying";
  return kind === "sleep" || kind === "wait" || kind === "invoke" ? "waiting" : "queued";
}
