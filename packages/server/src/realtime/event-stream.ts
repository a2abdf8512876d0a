/**
 * A subscriber by server-sent events.
 *
 * I1  Comments and messages stand between events, never within one: what is passed on raw consists of whole events.
 *
 * Spec: wire 10.4.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../ports/clock.ts";
import type { CloseReason, Subscriber, SubscriberSink } from "./hub.ts";
import type { Frame } from "./outbox.ts";
import type { Realtime } from "./realtime.ts";
import type { Topic } from "./topic.ts";

/** Proxies cut connections that are silent for half a minute or more. */
const COMMENT_MS = 15_000;
/** A stream ends after this time, so that whoever has no valid token any more is gone some time. */
const STREAM_MS = 15 * 60_000;

/** Subscribes a response that nothing was written to yet. False: there are too many, and the response is untouched. */
export function openEventStream(
  realtime: Realtime,
  { response, topics }: { readonly response: ServerResponse; readonly topics: readonly Topic[] },
): boolean {
  const stream = new EventStream(response);
  const subscriber = realtime.subscribe(stream, topics);
  if (subscriber === "full") return false;
  stream.open(subscriber);
  const stopClock = every(realtime.clock, () => stream.comment());
  const end = realtime.clock.setTimer(STREAM_MS, () => response.end());
  response.on("close", () => {
    stopClock();
    end.cancel();
    realtime.hub.leave(subscriber);
  });
  return true;
}

class EventStream implements SubscriberSink {
  readonly takesRaw = true;
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    // A client that is gone is noticed by "close".
    response.on("error", () => {});
  }

  open(subscriber: Subscriber): void {
    this.#response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
      // Some proxies collect responses unless told not to.
      "x-accel-buffering": "no",
    });
    this.#response.flushHeaders();
    this.#response.on("drain", () => subscriber.ready());
  }

  send({ text, isRaw }: Frame): boolean {
    return this.#response.write(isRaw ? text : `data: ${text}\n\n`);
  }

  comment(): void {
    // Behind a message that waits, a comment would only make the queue longer.
    if (!this.#response.writableNeedDrain && !this.#response.writableEnded) this.#response.write(":\n\n");
  }

  close(reason: CloseReason): void {
    if (reason === "closing") this.#response.end();
    else this.#response.destroy();
  }
}

function every(clock: Clock, callback: () => void): () => void {
  let timer = clock.setTimer(COMMENT_MS, tick);
  function tick(): void {
    callback();
    timer = clock.setTimer(COMMENT_MS, tick);
  }
  return () => timer.cancel();
}
