/** `/ui/v1`: what people do to functions and to many runs at once. Shapes: `@pawl/protocol`, ui.ts. */
import { compileSearch, type FunctionRow, type RerunFrom, type RerunProblem } from "@pawl/engine";
import { isTerminalStatus, RUN_STATUSES, type RunStatus, type UiBulk, type UiBulkList, type UiOk } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Bulk } from "../../core/bulk.ts";
import type { Engine } from "../../core/engine.ts";
import { given, isRecord } from "../../json.ts";
import { invalid, UiRefusal } from "./ui-error.ts";

type SlugRequest = FastifyRequest<{ readonly Params: { readonly slug: string } }>;
type IdRequest = FastifyRequest<{ readonly Params: { readonly id: string } }>;

/** Time in which a bulk operation can be undone, unless the request says otherwise. */
const UNDO_MS_DEFAULT = 10_000;
const UNDO_MS_MAX = 86_400_000;
const PER_SECOND_MAX = 100;
const LIST_MAX = 200;

const PAUSE_MODES = ["hold", "drop", "drain"] as const;

/** Next step for each reason why a run can't begin at a step. */
export const RERUN_HINTS: Readonly<Record<RerunProblem, string>> = {
  "step-not-found": "Give the id of a step that the run has.",
  "step-ambiguous": "Several steps have this name; give the step's hash.",
  "step-has-no-input": "Only steps that run code take arguments.",
};

/** Adds the routes. */
export function operationRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/functions/:slug/pause", async ({ params: { slug }, body }: SlugRequest): Promise<UiOk> => {
    const mode = isRecord(body) ? (body["mode"] ?? "hold") : "hold";
    const known = PAUSE_MODES.find((candidate) => candidate === mode);
    if (known === undefined) throw invalid(`mode must be hold, drop or drain, got ${JSON.stringify(mode)}.`);
    await engine.pause(functionOf(engine, slug).id, known);
    return { ok: true };
  });
  app.post("/functions/:slug/resume", async ({ params: { slug } }: SlugRequest): Promise<UiOk> => {
    await engine.pause(functionOf(engine, slug).id, undefined);
    return { ok: true };
  });
  app.get("/bulks", async (): Promise<UiBulkList> => {
    const bulks = await engine.bulks.newest(LIST_MAX);
    return { items: bulks.map((bulk) => bulkView(engine, bulk)) };
  });
  app.post("/bulks", async ({ body }): Promise<UiBulk> => bulkView(engine, await engine.bulks.create(readBulk(engine, body))));
  app.delete("/bulks/:id", async ({ params: { id } }: IdRequest): Promise<{ readonly result: "undone" | "stopped" }> => {
    const result = await engine.bulks.stop(id);
    if (result === "unknown") throw new UiRefusal(`No bulk operation has the id ${id}.`, { status: 404, code: "bulk-not-found" });
    if (result === "ended") throw new UiRefusal(`The bulk operation ${id} has ended.`, { status: 409, code: "bulk-ended" });
    return { result };
  });
}

/** `{ fromStep: { stepId, input? } }`; undefined for a run from the beginning. */
export function readRerunFrom(body: unknown): RerunFrom | undefined {
  const from = isRecord(body) ? body["fromStep"] : undefined;
  if (from === undefined || from === null) return undefined;
  const { stepId, input } = isRecord(from) ? from : {};
  if (typeof stepId !== "string" || stepId === "") throw invalid("fromStep.stepId must be the id or name of a step.");
  if (input !== undefined && !Array.isArray(input)) throw invalid("fromStep.input must be an array of arguments.");
  return { stepId, ...given("input", input as readonly unknown[] | undefined) };
}

function functionOf(engine: Engine, slug: string): FunctionRow {
  const row = engine.registry.functionBySlug(slug);
  if (row === undefined) throw new UiRefusal(`No function has the slug ${slug}.`, { status: 404, code: "function-not-found" });
  return row;
}

function readBulk(engine: Engine, body: unknown): Parameters<Engine["bulks"]["create"]>[0] {
  if (!isRecord(body))
    throw invalid("The body must describe the operation.", 'For example {"kind": "cancel", "functionSlug": "shop-import"}.');
  const { kind, functionSlug } = body;
  if (kind !== "cancel" && kind !== "replay") throw invalid(`kind must be cancel or replay, got ${JSON.stringify(kind)}.`);
  const { id: functionId } = functionOf(engine, typeof functionSlug === "string" ? functionSlug : "");
  const condition = conditionOf(body["if"]);
  return {
    kind,
    functionId,
    until: instantOf(body, "until") ?? engine.clock.now(),
    statuses: statusesOf(kind, body["statuses"]),
    delayMs: numberOf(body, "delayMs", { min: 0, max: UNDO_MS_MAX }) ?? UNDO_MS_DEFAULT,
    ...given("from", instantOf(body, "from")),
    ...given("condition", condition),
    ...given("perSecond", numberOf(body, "perSecond", { min: 1, max: PER_SECOND_MAX })),
  };
}

function conditionOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const compiled = typeof value === "string" ? compileSearch(value, "runs") : ({ kind: "invalid", message: "it must be a text" } as const);
  if (compiled.kind === "invalid") throw invalid(`if is no valid expression: ${compiled.message}.`);
  return value as string;
}

/** A cancellation is for runs that live, a replay for those that have ended. */
function statusesOf(kind: Bulk["kind"], value: unknown): readonly RunStatus[] {
  if (value === undefined) return [];
  const known = Array.isArray(value) ? value.map((status) => RUN_STATUSES.find((candidate) => candidate === status)) : [undefined];
  const fits = (status: RunStatus | undefined): boolean => status !== undefined && isTerminalStatus(status) === (kind === "replay");
  if (!known.every(fits))
    throw invalid(`statuses must be a list of ${kind === "replay" ? "COMPLETED, FAILED, CANCELLED, SKIPPED" : "QUEUED, RUNNING"}.`);
  return known.filter((status) => status !== undefined);
}

function instantOf(body: Readonly<Record<string, unknown>>, key: string): number | undefined {
  return numberOf(body, key, { min: 0, max: Number.MAX_SAFE_INTEGER });
}

function numberOf(
  body: Readonly<Record<string, unknown>>,
  key: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(`${key} must be a whole number from ${String(min)} to ${String(max)}, got ${JSON.stringify(value)}.`);
}

function bulkView({ registry }: Engine, bulk: Bulk): UiBulk {
  const { id, kind, functionId, from, until, statuses, condition, perSecond, createdAt, beginsAt, status, seen, done, endedAt } = bulk;
  return {
    id,
    kind,
    functionSlug: registry.functionById(functionId)?.slug ?? functionId,
    until,
    statuses,
    status,
    seen,
    done,
    perSecond,
    createdAt,
    beginsAt,
    ...given("from", from),
    ...given("if", condition),
    ...given("endedAt", endedAt),
  };
}
