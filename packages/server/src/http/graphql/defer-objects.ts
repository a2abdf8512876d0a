/**
 * GraphQL's defers: what a run has deferred, and what deferred a run.
 *
 * I1  The run that a defer has become is found by its event, whose id follows from the defer and the end of the run.
 *
 * Spec: wire 12.1; semantics 12.4.
 */
import { DEFERRED_SCHEDULE, deferEventId, type DeferRow, type RunRow } from "@pawl/engine";
import { isRecord, textOf } from "../../json.ts";
import { parseJson } from "../ui/stored-json.ts";
import type { GqlRequest } from "./gql-request.ts";
import { functionObject } from "./registry-objects.ts";

type GqlObject = Readonly<Record<string, unknown>>;

/** Makes the object of a run; given, because runs have defers and defers have runs. */
type RunObjectMaker = (request: GqlRequest, run: RunRow) => GqlObject;

const STATUS: Readonly<Record<DeferRow["status"], string>> = { "after-run": "SCHEDULED", aborted: "ABORTED", rejected: "REJECTED" };

/** Members of a run that are about defers. */
export function deferMembers(request: GqlRequest, run: RunRow, runObject: RunObjectMaker): GqlObject {
  const isDeferred = run.eventName === DEFERRED_SCHEDULE;
  const shown = (defer: DeferRow, started: RunRow | undefined): GqlObject => deferObject(request, defer, { started, runObject });
  const ofParent = async (isSought: (eventId: string | undefined) => boolean): Promise<readonly (readonly [DeferRow, RunRow])[]> => {
    const parent = isDeferred ? await parentOf(request, run) : undefined;
    if (parent === undefined) return [];
    const defers = await request.context.engine.store.history.defersOfRun(parent.id);
    return defers.filter((defer) => isSought(eventIdOf(defer, parent))).map((defer) => [defer, parent]);
  };
  const isOwn = (eventId: string | undefined): boolean => eventId === run.eventIds[0];
  return {
    isDeferred,
    defers: async () => {
      const defers = await request.context.engine.store.history.defersOfRun(run.id);
      return Promise.all(defers.map(async (defer) => shown(defer, await startedBy(request, defer, run))));
    },
    siblingDefers: async () => {
      const siblings = await ofParent((eventId) => !isOwn(eventId));
      return Promise.all(siblings.map(async ([defer, parent]) => shown(defer, await startedBy(request, defer, parent))));
    },
    deferredFrom: async () => (await ofParent(isOwn)).map(([defer, parent]) => shown(defer, parent)),
  };
}

type DeferFacts = { readonly started: RunRow | undefined; readonly runObject: RunObjectMaker };

function deferObject(request: GqlRequest, { id, slug, status }: DeferRow, { started, runObject }: DeferFacts): GqlObject {
  const row = request.context.engine.registry.functionBySlug(slug);
  return {
    hashedDeferID: id,
    // The id before it was hashed is not kept.
    userlandDeferID: id,
    fnSlug: slug,
    status: STATUS[status],
    function: () => (row === undefined ? null : functionObject(request, row)),
    runID: started?.id ?? null,
    run: () => (started === undefined ? null : runObject(request, started)),
  };
}

/** Keeps I1. */
function eventIdOf({ id, status }: DeferRow, { id: runId, endedAt }: RunRow): string | undefined {
  return status === "after-run" && endedAt !== undefined ? deferEventId({ runId, id, endedAt }) : undefined;
}

async function startedBy(request: GqlRequest, defer: DeferRow, parent: RunRow): Promise<RunRow | undefined> {
  const eventId = eventIdOf(defer, parent);
  return eventId === undefined ? undefined : (await request.context.engine.store.history.runsOfEvents([eventId]))[0];
}

/** The run that deferred another, as the event that started it tells. */
async function parentOf(request: GqlRequest, { eventIds }: RunRow): Promise<RunRow | undefined> {
  const { history } = request.context.engine.store;
  const event = await history.eventById(eventIds[0] ?? "");
  const body = parseJson(event?.body);
  const data = isRecord(body) ? body["data"] : undefined;
  const origin = isRecord(data) ? data["_inngest"] : undefined;
  const runId = isRecord(origin) ? textOf(origin["parent_run_id"]) : "";
  return (await history.runsByIds([runId]))[0];
}
