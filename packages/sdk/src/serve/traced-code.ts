/** The client's tracing, for one call. */
import { withRetries } from "../client/api.ts";
import type { TracedCall, TracedStep } from "../run/tracing.ts";
import type { CallInput } from "./call.ts";

export type TracedCode = {
  readonly runCall: <R>(code: () => R) => R;
  readonly runStep: (step: TracedStep, code: () => unknown) => Promise<unknown>;
};

/** Undefined where nothing is traced. */
export function tracedCode({ client, request, trace }: Pick<CallInput, "client" | "request" | "trace">): TracedCode | undefined {
  const { tracing } = client.options;
  if (tracing === undefined || trace === undefined) return undefined;
  const { run_id: runId, attempt } = request.ctx;
  const send = (body: string): ReturnType<TracedCall["send"]> =>
    withRetries(client.runtime, () => client.connect().callApi({ method: "POST", path: "v1/traces/userland", body }));
  const call: TracedCall = { runId, attempt, trace, owner: client, send };
  return {
    runCall: (code) => tracing.runCall(call, code),
    runStep: (step, code) => tracing.runStep({ call, step }, code),
  };
}
