/**
 * What a step did when: the segments of a bar, and where the time of the whole run went.
 *
 * S1  The segments of a span tile it: each begins where the one before ends, from `queuedAt` to its end or now.
 * S2  The parts of the time budget add up to the length of the run.
 *
 * Spec: dashboard 3.1, 3.3.
 */
import type { UiAttempt, UiRunDetail, UiSpan } from "@pawl/protocol";
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

/** The segments of a span in order of time. Keeps S1. */
export function segmentsOf(span: UiSpan, now: number): readonly Segment[] {
  const pieces: Segment[] = [];
  let cursor = span.queuedAt;
  const push = (kind: SegmentKind, to: number, extra: Partial<Segment> = {}): void => {
    if (to > cursor || extra.isOpen === true)
      pieces.push({ kind, from: cursor, to: Math.max(to, cursor), tone: toneOfKind(kind), isOpen: false, ...extra });
    cursor = Math.max(to, cursor);
  };
  const passive = passiveKind(span);
  if (passive !== undefined) {
    push("queue", span.startedAt ?? span.endedAt ?? now, { isOpen: span.startedAt === undefined && span.endedAt === undefined });
    if (span.startedAt !== undefined)
      push(passive, span.endedAt ?? now, { tone: toneOfSpan(span.status), isOpen: span.endedAt === undefined });
    return pieces;
  }
  let previous: UiAttempt | undefined;
  for (const attempt of span.attempts) {
    if (previous?.retryAt !== undefined) push("backoff", Math.min(previous.retryAt, attempt.startedAt));
    push(gapKind(span, previous), attempt.startedAt);
    push("exec", attempt.endedAt ?? span.endedAt ?? now, {
      tone: toneOfAttempt(attempt),
      attempt: attempt.attempt,
      isOpen: attempt.endedAt === undefined && span.endedAt === undefined,
    });
    previous = attempt;
  }
  if (span.endedAt !== undefined) push(span.kind === "function" ? "steps" : "other", span.endedAt);
  else if (previous?.outcome !== "running") push(openKind(span, previous), now, { isOpen: true });
  return pieces;
}

/** The parts of the time budget, in the order in which they are drawn. */
export const BUDGET_KINDS = ["queue", "exec", "backoff", "invoke", "wait", "sleep", "other"] as const;
export type BudgetKind = (typeof BUDGET_KINDS)[number];

/** What outranks what where steps overlap: work counts first, and idle time only where nothing else happens. */
const RANK: { readonly [kind in SegmentKind]: number } = {
  exec: 0,
  backoff: 1,
  queue: 2,
  invoke: 3,
  wait: 4,
  sleep: 5,
  other: 6,
  steps: 7,
};

/** Where the time between the event and the end (or now) went, in milliseconds. Keeps S2. */
export function budgetOf(detail: UiRunDetail, now: number): { readonly [kind in BudgetKind]: number } {
  const budget = { queue: 0, exec: 0, backoff: 0, invoke: 0, wait: 0, sleep: 0, other: 0 };
  const { from, to } = runInterval(detail, now);
  const segments = detail.spans.flatMap((span) => segmentsOf(span, now)).filter((segment) => segment.to > segment.from);
  const edges = [...new Set([from, to, ...segments.flatMap((segment) => [segment.from, segment.to])])]
    .filter((at) => at >= from && at <= to)
    .sort((a, b) => a - b);
  const starts = segments.toSorted((a, b) => a.from - b.from);
  let active: Segment[] = [];
  let nextStart = 0;
  for (const [index, edge] of edges.slice(0, -1).entries()) {
    for (; (starts[nextStart]?.from ?? Infinity) <= edge; nextStart += 1) active.push(starts[nextStart] as Segment);
    active = active.filter((segment) => segment.to > edge);
    const kind = active.reduce<SegmentKind>((best, segment) => (RANK[segment.kind] < RANK[best] ? segment.kind : best), "steps");
    budget[kind === "steps" ? "other" : kind] += (edges[index + 1] ?? edge) - edge;
  }
  return budget;
}

/** From the event's receipt (or the queueing, if earlier) to the end of the run, or now. */
export function runInterval(detail: UiRunDetail, now: number): { readonly from: number; readonly to: number } {
  const { run, spans } = detail;
  const from = Math.min(run.queuedAt, ...spans.map((span) => span.queuedAt));
  const to = run.endedAt ?? Math.max(now, from);
  return { from, to: Math.max(to, from + 1) };
}

function passiveKind(span: UiSpan): "sleep" | "wait" | "invoke" | undefined {
  if (span.kind === "sleep" || span.kind === "invoke") return span.kind;
  return span.kind === "wait-for-event" || span.kind === "wait-for-signal" ? "wait" : undefined;
}

function gapKind(span: UiSpan, previous: UiAttempt | undefined): SegmentKind {
  return previous === undefined || span.kind !== "function" || previous.outcome !== "completed" ? "queue" : "steps";
}

/** What a span without end and without a call under way is doing. */
function openKind(span: UiSpan, previous: UiAttempt | undefined): SegmentKind {
  if (span.status === "retrying") return "backoff";
  return gapKind(span, previous);
}

function toneOfAttempt(attempt: UiAttempt): Tone {
  return attempt.outcome === "lost" ? "retrying" : attempt.outcome;
}

function toneOfKind(kind: SegmentKind): Tone {
  if (kind === "backoff") return "retrying";
  return kind === "sleep" || kind === "wait" || kind === "invoke" ? "waiting" : "queued";
}
