/**
 * The events that start what a run has deferred.
 *
 * Spec: wire 8.7; semantics 12.4.
 */
import { canonicalJson, encodeUlid, hashStepId } from "@pawl/protocol";
import type { EventRow } from "../event/event-row.ts";
import type { DeferRow } from "./defer-row.ts";
import type { Draft } from "./draft.ts";
import { sessionsForEvents } from "./lifecycle-events.ts";

export const DEFERRED_SCHEDULE = "inngest/deferred.schedule";

/** The events that start what was deferred. The same run and defer give the same event id at the same instant. */
export function deferEvents(draft: Draft): readonly EventRow[] {
  const events: EventRow[] = [];
  for (const defer of allDefers(draft)) if (defer.status === "after-run") events.push(deferEvent(draft, defer));
  return events;
}

/** Id of the event that a defer of a run becomes when the run ends. */
export function deferEventId({ runId, id, endedAt }: Pick<DeferRow, "runId" | "id"> & { readonly endedAt: number }): string {
  return encodeUlid(endedAt, bytesOf(hashStepId(`${runId}.${id}`)));
}

function deferEvent({ run, env }: Draft, { id: deferId, slug, input }: DeferRow): EventRow {
  const { now } = env.ctx;
  const id = deferEventId({ runId: run.id, id: deferId, endedAt: now });
  const parent = { parent_app_id: run.appId, parent_fn_id: run.functionId, parent_fn_slug: env.function.slug, parent_run_id: run.id };
  const data = { ...(JSON.parse(input) as Readonly<Record<string, unknown>>), _inngest: { fn_slug: slug, ...parent } };
  const sessions = sessionsForEvents(run);
  const meta = sessions === undefined ? {} : { meta: { sessions } };
  const body = canonicalJson({ name: DEFERRED_SCHEDULE, data, id, ts: now, user: {}, ...meta });
  return { id, externalId: id, name: DEFERRED_SCHEDULE, ts: now, receivedAt: now, body, isInternal: true, isProcessed: false };
}

/** Everything that was deferred, or refused. */
export function allDefers({ defers, state }: Draft): Iterable<DeferRow> {
  return new Map([...state.defers, ...defers]).values();
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: 10 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}
