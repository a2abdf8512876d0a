/**
 * Spans of users' code, each with the step that it belongs to: the one that the SDK named, else its parent's.
 *
 * I1  A parent is told where it belongs to the same step.
 * I2  A chain of parents that is broken, longer than `DEPTH_MAX`, or leads in a circle, ends at the run.
 */
import type { StepRow, UserSpan } from "@pawl/engine";
import type { UiUserSpan } from "@pawl/protocol";
import { stepSpanId } from "../../tracing/span-ids.ts";
import { given } from "../../json.ts";

/** Parents that are looked through. */
const DEPTH_MAX = 64;

/** In the order of their starts. */
export function userSpanViews(spans: readonly UserSpan[], steps: readonly StepRow[]): readonly UiUserSpan[] {
  if (spans.length === 0) return [];
  const byId = new Map(spans.map((span) => [span.id, span]));
  const known = new Set(steps.map(({ id }) => id));
  const stepOfSpan = new Map(steps.map(({ id }) => [stepSpanId(id), id]));
  const stepOf = (span: UserSpan): string | undefined => {
    let each: UserSpan | undefined = span;
    for (let depth = 0; each !== undefined && depth < DEPTH_MAX; depth++) {
      if (each.stepId !== undefined && known.has(each.stepId)) return each.stepId;
      const step = stepOfSpan.get(each.parentId ?? "");
      if (step !== undefined) return step;
      each = byId.get(each.parentId ?? "");
    }
    return undefined;
  };
  return spans.map((span) => {
    const stepId = stepOf(span);
    const parent = byId.get(span.parentId ?? "");
    return viewOf(span, { stepId, hasParent: parent !== undefined && stepOf(parent) === stepId });
  });
}

function viewOf(span: UserSpan, { stepId, hasParent }: { readonly stepId: string | undefined; readonly hasParent: boolean }): UiUserSpan {
  const { id, name, kind, startedAt, endedAt, status, attributes, parentId, statusMessage, scope } = span;
  return {
    id,
    name,
    kind,
    startedAt,
    endedAt,
    status,
    attributes: JSON.stringify(attributes),
    ...given("parentId", hasParent ? parentId : undefined),
    ...given("stepId", stepId),
    ...given("statusMessage", statusMessage),
    ...given("scope", scope),
  };
}
