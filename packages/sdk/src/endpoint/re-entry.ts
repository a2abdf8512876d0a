/**
 * A later request of a run: the server makes the first one again, and gets ops instead of the answer.
 *
 * I1  In cloud mode nothing runs without a valid signature.
 * I2  The answer is 206 with a list of ops, whatever the handler does.
 *
 * The server doesn't say which attempt it makes, so it alone counts them.
 *
 * Source: wire-protocol 7.5, 7.8, 7.9.
 */
import { DISCOVERY_STEP_ID, HEADER } from "@pawl/protocol";
import { serializeError } from "../error/serialize-error.ts";
import { traceOf } from "../run/current-trace.ts";
import { completeText } from "../run/op-text.ts";
import { type Outcome, replyOf } from "../run/outcome.ts";
import { completeCall } from "../serve/read-call.ts";
import { signBody, verifySignature } from "../serve/signature.ts";
import type { ApiResult } from "./api-result.ts";
import { readBody, REQUEST_EVENT, wantsStream } from "./request-event.ts";
import { callOf, failureResult, handlerErrorText, type HandlerOutcome, runHandler } from "./run-handler.ts";
import { openRequest } from "./sealed.ts";
import type { EndpointSetup } from "./setup.ts";
import { responseText } from "./sse.ts";
import { EndpointStream, isSameAgain } from "./stream.ts";
import { TeeSink } from "./tee-sink.ts";

/** Version that runs of endpoints have, where the server doesn't say. */
const REQUEST_VERSION = "2";

/** Whether a request comes from the server: it names a run, and has a signature, which may be empty. */
export function isReEntry({ headers }: Request): boolean {
  return headers.has(HEADER.runId) && headers.has(HEADER.signature);
}

/** Answers a request of the server. */
export async function answerAgain(setup: EndpointSetup, request: Request, args: readonly unknown[]): Promise<Response> {
  const { connection } = setup;
  const read = await readBody(request);
  const body = "body" in read ? read.body : "";
  const keys = [connection.signingKey, connection.signingKeyFallback];
  const header = request.headers.get(HEADER.signature) ?? undefined;
  const key = connection.mode === "dev" ? undefined : await verifySignature({ header, body, keys, now: connection.runtime.now() });
  if (connection.mode !== "dev" && key === undefined) return unauthorized();
  const reply = replyOf(await outcomeOf(setup, { request, body, args }));
  const version = request.headers.get(HEADER.reqVersion) ?? REQUEST_VERSION;
  const headers: Record<string, string> = {
    ...connection.headers,
    [HEADER.sdkHandled]: "true",
    [HEADER.framework]: setup.framework,
    [HEADER.reqVersion]: version === "1" || version === "2" ? version : REQUEST_VERSION,
    ...reply.headers,
  };
  if (key !== undefined) headers[HEADER.signature] = await signBody(reply.body, key, connection.runtime.now());
  return new Response(reply.body, { status: reply.status, headers });
}

type Repeated = { readonly request: Request; readonly body: string; readonly args: readonly unknown[] };

/** Never rejects. */
async function outcomeOf(setup: EndpointSetup, { request, body, args }: Repeated): Promise<Outcome> {
  const { client, connection, handler } = setup;
  const { encryption } = client.options;
  const { headers } = request;
  const runId = headers.get(HEADER.runId) ?? "";
  try {
    const isPlanning = headers.get(HEADER.forceStepPlan) === "true";
    const event = { name: REQUEST_EVENT, data: {}, id: "", ts: 0 };
    const maxAttempts = Number.POSITIVE_INFINITY;
    const call = await completeCall(callOf({ runId, event, maxAttempts, isPlanning, usesApi: true }), connection);
    // The server would read what is streamed through it.
    const sink =
      encryption === undefined && isListening(call.event.data) ? new TeeSink({ connection, runId, logger: client.logger }) : undefined;
    const stepId = headers.get(HEADER.stepId) ?? undefined;
    const stream = new EndpointStream(sink, { isForStep: stepId !== undefined && stepId !== DISCOVERY_STEP_ID });
    const done = await runHandler({
      client,
      handler,
      request: openRequest(encryption, { request, body }),
      args,
      call,
      stream,
      stepId,
      requestId: headers.get(HEADER.requestId) ?? undefined,
      jobId: headers.get(HEADER.jobId) ?? undefined,
      trace: traceOf((name) => headers.get(name) ?? undefined),
    });
    const { outcome, result } = translate(done, runId);
    const ops = outcome.kind === "ops" ? outcome.ops : [];
    stream.settle(ops);
    stream.end(outcome.kind !== "ops" || isSameAgain(ops) ? "rollback" : "commit");
    if (result !== undefined) sink?.write(responseText(result));
    await sink?.drained();
    return outcome;
  } catch (error) {
    return { kind: "error", error: serializeError(error), noRetry: false };
  }
}

/** Whether somebody may listen; where another server has left the header out, nobody knows. */
function isListening(data: Readonly<Record<string, unknown>>): boolean {
  const accept = data["accept"];
  return typeof accept !== "string" || wantsStream(accept);
}

/** The outcome as ops (keeps I2). `result`: the run's answer, when this is its end. */
function translate({ outcome, result }: HandlerOutcome, runId: string): { readonly outcome: Outcome; readonly result?: ApiResult } {
  if (outcome.kind === "complete" && result !== undefined) return { outcome: { kind: "ops", ops: [completeText(outcome.text)] }, result };
  if (outcome.kind !== "error") return { outcome };
  const { error, noRetry, retryAfter } = outcome;
  if (!noRetry) return { outcome: { kind: "ops", ops: [handlerErrorText(error)], noRetry, retryAfter } };
  const failure = failureResult(runId, error);
  return { outcome: { kind: "ops", ops: [completeText(JSON.stringify(failure))] }, result: failure };
}

/** Says nothing about the app. */
function unauthorized(): Response {
  const headers = { [HEADER.contentType]: "application/json", [HEADER.sdkHandled]: "true" };
  return new Response(JSON.stringify({ message: "Unauthorized" }), { status: 401, headers });
}
