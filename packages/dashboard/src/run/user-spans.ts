/** Spans of users' code as a tree in rows. */
import type { UiRunDetail, UiUserSpan } from "@pawl/protocol";

export type UserSpanRow = {
  readonly span: UiUserSpan;
  /** 0 for those directly below the step or the run. */
  readonly depth: number;
  /** Shares of the whole, 0 to 1. */
  readonly left: number;
  readonly width: number;
};

/** Rows of a step's spans, or of the function's own (`stepId` undefined): parents before their children, otherwise by their starts. */
export function userSpanRows(spans: UiRunDetail["userSpans"], stepId: string | undefined): readonly UserSpanRow[] {
  const own = (spans ?? []).filter((span) => span.stepId === stepId);
  const from = Math.min(...own.map((span) => span.startedAt));
  const length = Math.max(...own.map((span) => span.endedAt)) - from;
  const ids = new Set(own.map(({ id }) => id));
  const childrenOf = Map.groupBy(own, ({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : ""));
  const rows: UserSpanRow[] = [];
  const add = (parentId: string, depth: number): void => {
    for (const span of childrenOf.get(parentId) ?? []) {
      const share = (ms: number): number => (length > 0 ? ms / length : 0);
      const left = share(span.startedAt - from);
      rows.push({ span, depth, left, width: length > 0 ? share(span.endedAt - span.startedAt) : 1 });
      add(span.id, depth + 1);
    }
  };
  add("", 0);
  return rows;
}
