/**
 * The answer of a durable endpoint that went on without its caller.
 *
 * I1  Whoever asks waits for the run's end without polling, at most `WAIT_MS_MAX`, and no longer than its connection.
 *
 * Spec: wire 7.7. Departure: a run that failed without an answer of its own is answered with 500 and its error.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { httpStatusOf, type RunRow } from "@pawl/engine";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "../../core/engine.ts";
import { isRecord, textOf } from "../../json.ts";
import { sendError } from "../errors.ts";
import { claimedRun } from "./run-claim.ts";

const WAIT_MS_MAX = 300_000;

/** Headers that are about the first answer's connection or length, and that the server writes itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

export type OutputOptions = { readonly engine: Engine; readonly secret: Uint8Array };

/** Answers with what the run of the token ends with. */
export async function sendOutput({ engine, secret }: OutputOptions, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { token } = request.query as { readonly token?: unknown };
  const runId = claimedRun(textOf(token), { secret, now: engine.clock.now() });
  if (runId === undefined)
    return sendError(reply, { status: 401, code: "unauthorized", message: "The token is invalid or has expired. Send the request again." });
  const run = await endOf(runId, { engine, reply });
  if (run === "no-run") return sendError(reply, { status: 404, code: "not_found", message: `Run ${runId} does not exist any more.` });
  if (run === "running") return reply.send({ status: "running", message: "run did not end within 5 minutes" });
  return sendEnd(reply, run);
}

/** Whether HTTP can carry it. */
function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

type Waiting = { readonly engine: Engine; readonly reply: FastifyReply };

/** The run when it has ended. Watches before it looks, so that no end is missed. */
async function endOf(runId: string, { engine, reply }: Waiting): Promise<RunRow | "running" | "no-run"> {
  const { promise, resolve } = Promise.withResolvers<RunRow | "running" | "no-run">();
  const unwatch = engine.live.watch((change) => {
    if (change.kind === "run" && change.run.id === runId && change.run.endedAt !== undefined) resolve(change.run);
  });
  const timer = engine.clock.setTimer(WAIT_MS_MAX, () => resolve("running"));
  const left = (): void => resolve("running");
  reply.raw.once("close", left);
  try {
    const state = await engine.state(runId);
    if (state === undefined) return "no-run";
    // A state may be ahead of its commit: then the commit tells.
    const [stored] = state.run.endedAt === undefined ? [] : await engine.store.history.runsByIds([runId]);
    if (stored?.endedAt !== undefined) return stored;
    return await promise;
  } finally {
    unwatch();
    timer.cancel();
    reply.raw.off("close", left);
  }
}

function sendEnd(reply: FastifyReply, run: RunRow): unknown {
  const output: unknown = run.output === undefined ? undefined : JSON.parse(run.output);
  const status = httpStatusOf(output);
  if (status !== undefined && isRecord(output)) {
    const headers = isRecord(output["headers"]) ? output["headers"] : {};
    for (const [name, value] of Object.entries(headers)) {
      const texts = (Array.isArray(value) ? value : [value]).map(String);
      if (!OWN_HEADERS.has(name.toLowerCase()) && texts.every((text) => isHeader(name, text)))
        void reply.header(name, Array.isArray(value) ? texts : texts[0]);
    }
    const { body } = output;
    return reply.code(status).send(typeof body === "string" ? body : body === undefined || body === null ? "" : JSON.stringify(body));
  }
  const problem = run.error ?? JSON.stringify({ name: "Error", message: run.endReason ?? `The run has ended as ${run.status}.` });
  const isCompleted = run.status === "COMPLETED";
  return reply
    .code(isCompleted ? 200 : 500)
    .type("application/json")
    .send(isCompleted ? (run.output ?? "null") : problem);
}
