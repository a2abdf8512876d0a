/**
 * A worker's answer in the words of HTTP, so that one set of rules classifies both.
 *
 * Spec: wire 9.5.
 */
import type { RawReply } from "@pawl/engine";
import { HEADER, REPLY_STATUS, type WorkerReply } from "@pawl/protocol";

/** The answer. `sdk`: who the worker is, for answers that don't say. */
export function rawReplyOf(reply: WorkerReply, sdk: string): RawReply {
  return {
    kind: "response",
    status: statusOf(reply.status),
    headers: {
      [HEADER.contentType]: "application/json",
      [HEADER.sdk]: reply.sdkVersion === "" ? sdk : reply.sdkVersion,
      [HEADER.noRetry]: String(reply.noRetry),
      ...(reply.retryAfter === undefined || reply.retryAfter === "" ? {} : { [HEADER.retryAfter]: reply.retryAfter }),
      ...(reply.requestVersion > 0 ? { [HEADER.reqVersion]: String(reply.requestVersion) } : {}),
    },
    body: new TextDecoder().decode(reply.body),
  };
}

function statusOf(status: number): number {
  if (status === REPLY_STATUS.done) return 200;
  return status === REPLY_STATUS.notCompleted ? 206 : 500;
}
