/**
 * Where the time of a run went.
 *
 * B1  The parts add up to the length of the run: every instant counts once, for what outranks the rest at that time.
 *
 * Spec: dashboard 3.1.
 */
import type { UiRunDetail } from "@pawl/protocol";
import { runInterval, segmentsOfRun } from "./segments.ts";
import type { Segment, SegmentKind } from "./segments.ts";

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

/** Where the time between the event and the end (or now) went, in milliseconds. Keeps B1. */
export function budgetOf(detail: UiRunDetail, now: number): { readonly [kind in BudgetKind]: number } {
  const budget = { queue: 0, exec: 0, backoff: 0, invoke: 0, wait: 0, sleep: 0, other: 0 };
  const { from, to } = runInterval(detail, now);
  const segments = segmentsOfRun(detail, now)
    .flatMap((each) => each.segments)
    .filter((segment) => segment.to > segment.from);
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
