/**
 * The first request of a run: the handler works within it, for as long as it needs nothing but its own steps.
 *
 * I1  A step begins only when the results before it are stored, and an answer is given when the run's end is. The one exception is an answer
 *     that is there while the server is not: withholding it would only make the caller do everything again.
 * I2  When the run needs the server (a wait, parallel steps, a failed attempt, too much time), the caller is told where the answer will be.
 * I3  What this request can't bring to an end, the server is told, so that no run is left to wait for nobody.
 *
 * Source: wire-protocol 7.4 to 7.6, 7.9.
 */
import { CALL_BODY_BYTES_MAX, encodeUlid, RETRIES_DEFAULT, ULID_ENTROPY_BYTES, type CallEvent, type SerializedError } from "@pawl/protocol";
import { completeText } from "../run/op-text.ts";
import type { Outcome } from "../run/outcome.ts";
import { type ApiResult, jsonResult, toResponse } from "./api-result.ts";
import { asyncAnswer, redirectInfo } from "./async-answer.ts";
import { CallerSink } from "./caller-sink.ts";
import { readBody, REQUEST_EVENT, requestFacts, tooLarge, wantsStream } from "./request-event.ts";
import { callOf, discoveryText, failureResult, handlerErrorText, runHandler } from "./run-handler.ts";
import { sealBody } from "./sealed.ts";
import type { EndpointSetup } from "./setup.ts";
import { eventText, responseText, STREAM_HEADERS } from "./sse.ts";
import { EndpointStream, isSameAgain } from "./stream.ts";
import { SyncRun } from "./sync-run.ts";

/** Seconds after which a caller may try again when the server can't be reached. */
const RETRY_AFTER_S = 5;

type Conclusion = { readonly kind: "answer"; readonly result: ApiResult } | { readonly kind: "async" };

type Exchange = {
  readonly setup: EndpointSetup;
  readonly request: Request;
  readonly args: readonly unknown[];
  readonly run: SyncRun;
  readonly event: CallEvent;
  readonly stream: EndpointStream;
};

/** Answers a request that no run belongs to yet. */
export async function answerFirst(setup: EndpointSetup, request: Request, args: readonly unknown[]): Promise<Response> {
  const { connection, client } = setup;
  if (connection.mode === "cloud" && connection.signingKey === undefined) {
    client.logger.error("There is no signing key. Set PAWL_DEV=1 to work with a local server, or PAWL_SIGNING_KEY in production.");
    return toResponse(jsonResult(500, { code: "internal_server_error" }));
  }
  const read = await readBody(request);
  if ("refusal" in read) return toResponse(read.refusal);
  const body = sealBody(client.options.encryption, read.body);
  if (body.length > CALL_BODY_BYTES_MAX && body !== read.body) return toResponse(tooLarge(body.length));
  const { run, event } = begin(setup, { request, body });
  if (wantsStream(request.headers.get("accept") ?? "")) return streamed({ setup, request, args, run, event });
  const conclusion = await conclude({ setup, request, args, run, event, stream: new EndpointStream(undefined) });
  return conclusion.kind === "answer" ? toResponse(conclusion.result) : asyncAnswer(setup, { request, run });
}

function begin(
  { connection, client, options, origin }: EndpointSetup,
  { request, body }: { readonly request: Request; readonly body: string },
): { readonly run: SyncRun; readonly event: CallEvent } {
  const { runtime } = client;
  const ts = runtime.now();
  const runId = encodeUlid(ts, runtime.randomBytes(ULID_ENTROPY_BYTES));
  const event = { name: REQUEST_EVENT, id: runId, ts, data: requestFacts(request, { origin, body, functionId: options.functionId }) };
  const retries = options.retries ?? RETRIES_DEFAULT;
  const mayDetach = options.whenUnreachable === "continue";
  return { event, run: new SyncRun({ connection, logger: client.logger, runId, event, retries, mayDetach }) };
}

function streamed(exchange: Omit<Exchange, "stream">): Response {
  const { setup, run } = exchange;
  const sink = new CallerSink(setup.client.runtime);
  sink.write(eventText("inngest.metadata", { runId: run.runId }));
  const work = async (): Promise<void> => {
    const conclusion = await conclude({ ...exchange, stream: new EndpointStream(sink) });
    sink.write(conclusion.kind === "answer" ? responseText(conclusion.result) : redirectInfo(setup, { request: exchange.request, run }));
  };
  void work()
    .catch((error: unknown) => setup.client.logger.error("The stream of an endpoint could not be brought to its end.", error))
    .finally(() => sink.end());
  return new Response(sink.body, { status: 200, headers: STREAM_HEADERS });
}

async function conclude(exchange: Exchange): Promise<Conclusion> {
  const { setup, run, stream, event } = exchange;
  const maxAttempts = (setup.options.retries ?? RETRIES_DEFAULT) + 1;
  const { outcome, result } = await runHandler({
    client: setup.client,
    handler: setup.handler,
    request: exchange.request,
    args: exchange.args,
    stream,
    call: callOf({ runId: run.runId, event, maxAttempts }),
    save: async (ops) => {
      const saved = await run.report(ops);
      if (saved === "saved") stream.settle(ops);
      return saved;
    },
  });
  if (run.problem?.kind === "refused") return refused(exchange);
  if (outcome.kind === "ops") {
    if (result !== undefined && isComplete(outcome.ops)) return finish(exchange, { ops: outcome.ops, result });
    return handOver(exchange, withTakeOver(outcome.ops, setup.client.runtime.now()));
  }
  return fail(exchange, { error: errorOf(outcome), isFinal: outcome.kind === "error" && (outcome.noRetry || maxAttempts <= 1) });
}

/** The handler has answered (keeps I1). */
async function finish(
  exchange: Exchange,
  { ops, result }: { readonly ops: readonly string[]; readonly result: ApiResult },
): Promise<Conclusion> {
  const { setup, run, stream } = exchange;
  const saved = await run.report(ops);
  if (saved === "failed" && run.problem?.kind === "refused") return refused(exchange);
  if (saved === "failed") setup.client.logger.warn(`The answer of run ${run.runId} was not stored: ${run.problem?.message ?? ""}`);
  stream.settle(ops);
  stream.end("commit");
  return { kind: "answer", result };
}

/** The server goes on with the run (keeps I2). */
async function handOver(exchange: Exchange, ops: readonly string[]): Promise<Conclusion> {
  const { run, stream, setup } = exchange;
  const saved = run.isDetached ? "failed" : await run.report(ops);
  if (run.problem?.kind === "refused") return refused(exchange);
  if (saved === "saved" && !run.isDetached) {
    stream.settle(ops);
    stream.end(isSameAgain(ops) ? "rollback" : "commit");
    return { kind: "async" };
  }
  // The run was cancelled, or has been taken over: its answer says what became of it.
  if (saved === "stale" && run.token !== undefined) return { kind: "async" };
  stream.end("rollback");
  setup.client.logger.error(`Run ${run.runId} could not go on without its server: ${run.problem?.message ?? "it is not known there"}`);
  const message = "This request is served durably, and the server that remembers its steps can't be reached. Try again later.";
  const body = { code: "server_unreachable", message, run_id: run.runId };
  return { kind: "answer", result: jsonResult(503, body, { "retry-after": String(RETRY_AFTER_S) }) };
}

/** The handler has thrown. */
async function fail(
  exchange: Exchange,
  { error, isFinal }: { readonly error: SerializedError; readonly isFinal: boolean },
): Promise<Conclusion> {
  const { run, stream, setup } = exchange;
  if (run.token !== undefined && error.name === "StaleDispatchError") return { kind: "async" };
  setup.client.logger.error(`The handler of run ${run.runId} failed.`, error);
  stream.end("rollback");
  if (!isFinal && !run.isDetached) return handOver(exchange, [handlerErrorText(error)]);
  const result = failureResult(run.runId, error);
  return finish(exchange, { ops: [completeText(JSON.stringify(result))], result });
}

/** The server doesn't store what the handler did (keeps I3). */
async function refused({ setup, run, stream }: Exchange): Promise<Conclusion> {
  const message = `The server refused to store what the endpoint did (${run.problem?.message ?? "no reason given"}).`;
  setup.client.logger.error(`Run ${run.runId}: ${message}`);
  stream.end("rollback");
  const result = failureResult(run.runId, { message });
  await run.abandon(completeText(JSON.stringify(result)));
  return { kind: "answer", result };
}

function isComplete(ops: readonly string[]): boolean {
  return ops.at(-1)?.startsWith('{"op":"RunComplete"') === true;
}

/** Results alone would leave the run with this request; when its time is up, the server has to be asked to go on. */
function withTakeOver(ops: readonly string[], now: number): readonly string[] {
  return ops.every((op) => op.startsWith('{"op":"StepRun"')) ? [...ops, discoveryText(now)] : ops;
}

function errorOf(outcome: Exclude<Outcome, { readonly kind: "ops" }>): SerializedError {
  return outcome.kind === "error" ? outcome.error : { name: "Error", message: "The handler ended without an answer." };
}
