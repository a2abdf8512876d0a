/**
 * Metadata and scores of runs.
 *
 * Spec: wire 11.4 (scores), 13.4. Departure: they are always on, so nobody is told 403; a score's step must be one of the run's.
 */
import { type MetadataUpdate, readMetadata } from "@pawl/engine";
import { hashStepId, isUlid } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Note } from "../../core/notes.ts";
import { given, isRecord } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { type PublicError, sendError } from "../errors.ts";
import { AnyValue, badRequest, v2Envelope, v2NotFound, V2Refusal } from "./v2-answer.ts";
import { fieldsOf } from "./v2-query.ts";

type RunRequest = FastifyRequest<{ readonly Params: { readonly id: string } }>;
type ScoreRequest = FastifyRequest<{ readonly Params: { readonly runId: string } }>;

const SCORES_MAX = 100;
const NAME_BYTES_MAX = 128;

/** Adds the route of v1. */
export function metadataRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  app.post("/v1/runs/:id/metadata", async ({ params: { id }, body }: RunRequest, reply) => {
    if (!isUlid(id)) return sendError(reply, invalid(`${id} is not an id: expected a ULID`));
    const notes = readNotes(body);
    if (typeof notes === "string") return sendError(reply, invalid(notes));
    const result = await engine.notes.add(id, notes);
    if (result === "no-run") return sendError(reply, { status: 404, code: "not_found", message: `There is no run ${id}` });
    if (result === "too-large")
      return sendError(reply, { status: 413, code: "too_large", message: "An update may have 64 KiB, all of a run 1 MiB" });
    return reply.code(200).send();
  });
}

/** Adds the route of v2. */
export function scoreRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  app.post("/runs/:runId/scores", async ({ params: { runId }, body }: ScoreRequest) => {
    if (!isUlid(runId)) throw badRequest("Run ID must be a ULID", "invalid_field_format");
    if (!Array.isArray(body) || body.length === 0 || body.length > SCORES_MAX)
      throw badRequest(`The body must be an array of 1 to ${String(SCORES_MAX)} scores`, "invalid_field_format");
    const scores = body.map(readScore);
    const result = await engine.notes.add(runId, scores.flatMap(notesOf));
    if (result === "no-run") throw v2NotFound(`Run ${runId} not found`);
    if (result === "too-large") throw new V2Refusal("The run's metadata would be over 1 MiB", { status: 413, code: "validation_error" });
    return v2Envelope(
      scores.map((score) => ({ runId, ...score, value: new AnyValue(score.value) })),
      { now: engine.clock.now() },
    );
  });
}

type Score = {
  readonly name: string;
  readonly value: number | boolean;
  readonly stepId?: string;
  readonly experiment?: { readonly id: string; readonly variant: string };
};

function readScore(raw: unknown, index: number): Score {
  const at = `score ${String(index + 1)}`;
  const { name, value, stepId, experiment } = fieldsOf(raw, ["name", "value", "stepId", "experiment"], at);
  if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > NAME_BYTES_MAX || /[\p{Cc}']/u.test(name))
    throw badRequest(`${at}: name must be a text of at most 128 bytes without quotes`, "invalid_field_format");
  if (typeof value !== "boolean" && !Number.isFinite(value))
    throw badRequest(`${at}: value must be a number or a boolean`, "invalid_field_format");
  if (stepId !== undefined && (typeof stepId !== "string" || stepId === ""))
    throw badRequest(`${at}: stepId must be the id of a step`, "invalid_field_format");
  if (experiment !== undefined && stepId !== undefined)
    throw badRequest(`${at}: experiment and stepId can't be given both`, "invalid_field_format");
  const trial = experiment === undefined ? undefined : readExperiment(experiment, at);
  return { name, value: value as number | boolean, ...given("stepId", stepId), ...given("experiment", trial) };
}

function readExperiment(raw: unknown, at: string): { readonly id: string; readonly variant: string } {
  const { id, variant } = fieldsOf(raw, ["id", "variant"], `${at}: experiment`);
  if (typeof id !== "string" || id === "" || typeof variant !== "string" || variant === "")
    throw badRequest(`${at}: experiment must have an id and a variant`, "invalid_field_format");
  return { id, variant };
}

function notesOf({ name, value, stepId, experiment }: Score): readonly Note[] {
  const place = stepId === undefined ? "" : hashStepId(stepId);
  const score: Note = { stepId: place, update: { kind: "inngest.score", op: "merge", values: { [name]: { value } } } };
  if (experiment === undefined) return [score];
  const values = { name: experiment.id, variant: experiment.variant };
  return [{ stepId: "", update: { kind: "inngest.experiment", op: "merge", values } }, score];
}

/** A sentence for what is wrong. */
function readNotes(body: unknown): readonly Note[] | string {
  const { target = {}, metadata } = isRecord(body) ? body : {};
  if (!isRecord(target) || !Array.isArray(metadata) || metadata.length === 0)
    return "Invalid metadata: expected { target, metadata: [...] }";
  const stepId = stepIdOf(target);
  if (stepId === undefined) return "Invalid metadata target: step_index, step_attempt and span_id need a step_id";
  const updates: MetadataUpdate[] = [];
  for (const raw of metadata) {
    const update = readMetadata(isRecord(raw) ? raw : {});
    if (typeof update === "string") return `Invalid metadata: ${update}`;
    updates.push(update);
  }
  return updates.map((update) => ({ update, stepId }));
}

/** The hash of the step that is meant; empty for the run; undefined where the target makes no sense. */
function stepIdOf(target: Readonly<Record<string, unknown>>): string | undefined {
  const { step_id: id, step_index: index = 0, step_attempt: attempt, span_id: span } = target;
  if (id === undefined || id === "") return index === 0 && (attempt === undefined || attempt === -1) && span === undefined ? "" : undefined;
  if (typeof id !== "string" || typeof index !== "number" || !Number.isInteger(index) || index < 0) return undefined;
  return hashStepId(index === 0 ? id : `${id}:${String(index)}`);
}

function invalid(message: string): PublicError {
  return { status: 400, code: "invalid_request", message };
}
