/**
 * Spans of users' code, each with the step that it belongs to: the one that the SDK named, else its parent's. And with the attempt, where the
 * SDK or a parent tells it.
 *
 * I1  A parent is told where it belongs to the same attempt of the same step.
 * I2  A chain of parents that is broken, longer than `DEPTH_MAX`, or leads in a circle, ends at the run.
 */
import type { StepRow, UserSpan } from "@pawl/engine";
import type { UiUserSpan } from "@pawl/protocol";
import { attemptSpanId, stepSpanId } from "../../tracing/span-ids.ts";
import { given } from "../../json.ts";

/** Parents that are looked through. */
const DEPTH_MAX = 64;
/** Attempts of a step that spans are looked for at. */
const ATTEMPTS_MAX = 100;

type Place = Pick<UiUserSpan, "stepId" | "attempt">;

/** In the order of their starts. */
export function userSpanViews(spans: readonly UserSpan[], steps: readonly StepRow[]): readonly UiUserSpan[] {
  if (spans.length === 0) return [];
  const byId = new Map(spans.map((span) => [span.id, span]));
  const known = new Set(steps.map(({ id }) => id));
  const placeOfSpan = new Map(steps.flatMap(spansOfStep));
  const placeOf = (span: UserSpan): Place => {
    let each: UserSpan | undefined = span;
    for (let depth = 0; each !== undefined && depth < DEPTH_MAX; depth++) {
      const above = placeOfSpan.get(each.parentId ?? "");
      if (each.stepId !== undefined && known.has(each.stepId)) return namedPlace(each, { stepId: each.stepId, above });
      if (above !== undefined) return above;
      each = byId.get(each.parentId ?? "");
    }
    return {};
  };
  return spans.map((span) => {
    const place = placeOf(span);
    const parent = byId.get(span.parentId ?? "");
    const above = parent === undefined ? undefined : placeOf(parent);
    return viewOf(span, { place, hasParent: above !== undefined && above.stepId === place.stepId && above.attempt === place.attempt });
  });
}

/** Ids that users' spans know of a step and its attempts: calls name them (trace-context.ts). */
function spansOfStep({ id, attempt }: StepRow): readonly (readonly [string, Place])[] {
  const attempts = attempt === 0 ? [] : Array.from({ length: Math.min(attempt + 1, ATTEMPTS_MAX) }, (_, number) => number);
  return [
    [stepSpanId(id), { stepId: id }],
    ...attempts.map((number) => [attemptSpanId(id, number), { stepId: id, attempt: number }] as const),
  ];
}

function namedPlace({ attributes }: UserSpan, { stepId, above }: { readonly stepId: string; readonly above: Place | undefined }): Place {
  const said = attributes["inngest.step.attempt"];
  const attempt = typeof said === "number" ? said : above?.stepId === stepId ? above.attempt : undefined;
  return { stepId, ...given("attempt", attempt) };
}

function viewOf(span: UserSpan, { place, hasParent }: { readonly place: Place; readonly hasParent: boolean }): UiUserSpan {
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
    ...place,
    ...given("statusMessage", statusMessage),
    ...given("scope", scope),
  };
}
