/**
 * Where the time went: one bar and its legend, so that “why was it slow” is answered before the timeline is read.
 *
 * Spec: dashboard 3.1.
 */
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { formatDuration } from "../time/format.ts";
import { BUDGET_KINDS, budgetOf } from "./budget.ts";
import type { BudgetKind } from "./budget.ts";

const WORDS: { readonly [kind in BudgetKind]: string } = {
  queue: "Queued",
  exec: "Your code",
  backoff: "Between attempts",
  invoke: "Invoked functions",
  wait: "Waiting for events",
  sleep: "Sleeping",
  other: "Between steps",
};

/** The bar; nothing for a run that hasn't begun. */
export function BudgetBar({ detail, now }: { readonly detail: UiRunDetail; readonly now: number }): ReactNode {
  if (detail.run.startedAt === undefined) return null;
  const budget = budgetOf(detail, now);
  const totalMs = BUDGET_KINDS.reduce((sum, kind) => sum + budget[kind], 0);
  const parts = BUDGET_KINDS.filter((kind) => budget[kind] > 0);
  return (
    <section className="budget" aria-label="Where the time went">
      <div className="budget-bar" aria-hidden="true">
        {parts.map((kind) => (
          <span key={kind} className={`bar seg-${kind}`} data-tone={toneOf(kind)} style={{ width: `${(budget[kind] / totalMs) * 100}%` }} />
        ))}
      </div>
      <ul className="budget-legend">
        {parts.map((kind) => (
          <li key={kind}>
            <span className={`bar swatch seg-${kind}`} data-tone={toneOf(kind)} aria-hidden="true" />
            {WORDS[kind]} <b>{formatDuration(budget[kind])}</b> <span className="quiet">{percent(budget[kind] / totalMs)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function toneOf(kind: BudgetKind): string {
  if (kind === "exec") return "running";
  if (kind === "backoff") return "retrying";
  return kind === "queue" || kind === "other" ? "queued" : "waiting";
}

function percent(share: number): string {
  return share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`;
}
