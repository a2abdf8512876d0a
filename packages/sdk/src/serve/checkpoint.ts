/**
 * Saving results with the server while a function goes on.
 *
 * Source: wire-protocol 7.2, 7.3.
 */
import type { CallContext } from "@pawl/protocol";
import { withRetries } from "../client/api.ts";
import type { Connection } from "../client/connection.ts";
import type { Save, SaveResult } from "../run/checkpointer.ts";

/** Where a checkpoint belongs, from the call's context and headers. */
export type CheckpointTarget = {
  readonly ctx: CallContext;
  readonly requestId: string | undefined;
  /** 0 when the server didn't say. */
  readonly generationId: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
};

/** Saves results with the server's checkpoint endpoint. */
export function httpSave(connection: Connection, target: CheckpointTarget): Save {
  const { ctx, requestId, generationId, startedAt } = target;
  const head = JSON.stringify({
    run_id: ctx.run_id,
    fn_id: ctx.fn_id,
    qi_id: ctx.qi_id,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(generationId === 0 ? {} : { generation_id: generationId }),
    request_started_at: startedAt,
  }).slice(0, -1);
  const path = `v1/checkpoint/${ctx.run_id}/async`;
  return async (ops): Promise<SaveResult> => {
    const body = `${head},"ts":${connection.runtime.now()},"steps":[${ops.join(",")}]}`;
    try {
      const reply = await withRetries(connection.runtime, () => connection.callApi({ method: "POST", path, body }));
      if (reply.status === 409) return "stale";
      return reply.status >= 200 && reply.status < 300 ? "saved" : "failed";
    } catch {
      return "failed";
    }
  };
}
