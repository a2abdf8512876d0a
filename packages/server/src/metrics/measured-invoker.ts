/** An invoker whose calls are counted and timed. */
import type { RawReply } from "@pawl/engine";
import { HEADER } from "@pawl/protocol";
import type { CallInProgress } from "../core/executor.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallHeld, Invoker } from "../ports/invoker.ts";
import type { CallOutcome, FunctionMeter, Meters } from "./meters.ts";

export type CallMetering = {
  readonly meters: Meters;
  readonly clock: Pick<Clock, "now">;
  /** What the engine knows about a call, by its item. */
  readonly callOf: (itemId: string) => CallInProgress | undefined;
};

/** Behaves as the invoker does. */
export function measuredInvoker(invoker: Invoker, { meters, clock, callOf }: CallMetering): Invoker {
  return {
    async call(call) {
      const item = callOf(call.headers[HEADER.jobId] ?? "")?.item;
      const meter = meters.of(item?.functionId ?? "");
      const startedAt = clock.now();
      meter.callsStarted += 1;
      const reply = await invoker.call(call);
      const isFirst = item?.kind === "start" && item.attempt === 0;
      // A call that was held has not begun; the time until it does counts.
      if (reply.kind !== "held" && isFirst) meter.startSeconds.observe(Math.max(0, startedAt - item.dueAt) / 1_000);
      countReply(meter, reply, (clock.now() - startedAt) / 1_000);
      return reply;
    },
    close: () => invoker.close(),
  };
}

function countReply(meter: FunctionMeter, reply: RawReply | CallHeld, seconds: number): void {
  if (reply.kind === "held") {
    meter.callsHeld += 1;
    return;
  }
  meter.callsEnded[outcomeOf(reply)] += 1;
  meter.callSeconds.observe(seconds);
}

function outcomeOf(reply: RawReply): CallOutcome {
  if (reply.kind !== "response") return "unreachable";
  return reply.status < 400 ? "ok" : "error";
}
