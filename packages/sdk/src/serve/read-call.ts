/**
 * A call as it comes from the server: its body, what must be fetched beside it, and the request version.
 *
 * I1  A run keeps the request version that its first answer had.
 * I2  State and events that didn't fit into the call are fetched before the function is entered.
 *
 * Source: wire-protocol 5.1 to 5.3.
 */
import { DISCOVERY_STEP_ID, type CallContext, type CallEvent, type CallRequest } from "@pawl/protocol";
import { withRetries } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import type { CallInput } from "./call.ts";

/** Request versions this SDK speaks. 1 continues a function after each of several parallel steps, 2 after the last. */
export type RequestVersion = 1 | 2;

/** The version to answer with (keeps I1). Throws for one that this SDK doesn't speak. */
export function requestVersion(asked: number | undefined, input: Pick<CallInput, "client" | "callable">): RequestVersion {
  if (asked === 1 || asked === 2) return asked;
  if (asked !== undefined && asked !== -1) throw new Error(`Request version ${asked} is not spoken by this SDK; expected -1, 1 or 2.`);
  const isOptimized = input.callable.fn.options.optimizeParallelism ?? input.client.options.optimizeParallelism ?? true;
  return isOptimized ? 2 : 1;
}

/** Reads a call's body; throws a TypeError when it isn't one. */
export function readCall(body: unknown): CallRequest {
  const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
  if (typeof value !== "object" || value === null || !("event" in value)) {
    throw new TypeError("The body of a call must be a JSON object with `event`, `steps` and `ctx`.");
  }
  const call = value as Partial<CallRequest>;
  const ctx: Partial<CallContext> = call.ctx ?? {};
  return {
    event: call.event as CallEvent,
    events: call.events ?? [],
    steps: call.steps ?? {},
    ...(call.defers === undefined || call.defers === null ? {} : { defers: call.defers }),
    version: call.version ?? -1,
    use_api: ctx.use_api ?? call.use_api ?? false,
    ctx: {
      ...ctx,
      run_id: ctx.run_id ?? "",
      fn_id: ctx.fn_id ?? "",
      env: ctx.env ?? "",
      step_id: ctx.step_id ?? DISCOVERY_STEP_ID,
      attempt: ctx.attempt ?? 0,
      max_attempts: ctx.max_attempts ?? Number.POSITIVE_INFINITY,
      stack: ctx.stack ?? { stack: null, current: 0 },
      qi_id: ctx.qi_id ?? "",
      disable_immediate_execution: ctx.disable_immediate_execution ?? false,
      use_api: ctx.use_api ?? false,
    },
  };
}

/** Fetches what the call left out (keeps I2). Rejects when the server doesn't give it; the call is then tried again. */
export async function completeCall(call: CallRequest, connection: Connection): Promise<CallRequest> {
  if (!call.use_api) return call;
  const fetchJson = async (what: string): Promise<unknown> => {
    const reply = await withRetries(connection.runtime, () =>
      connection.callApi({ method: "GET", path: `v0/runs/${call.ctx.run_id}/${what}` }),
    );
    if (reply.status !== 200)
      throw new Error(`The run's ${what} could not be fetched (HTTP ${reply.status}: ${reply.body.slice(0, 500)}).`);
    return JSON.parse(reply.body) as unknown;
  };
  const [events, steps] = await Promise.all([fetchJson("batch"), fetchJson("actions")]);
  const list = events as readonly CallEvent[];
  return { ...call, events: list, event: list[0] ?? call.event, steps: steps as CallRequest["steps"] };
}
