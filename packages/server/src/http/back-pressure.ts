/**
 * Senders are told to come back later before memory runs out.
 *
 * I1  What is refused was not read: nothing of it is stored, and the sender sends all of it again.
 * I2  Counted are bodies that are being received, and events that are stored or about to be and not yet processed.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "../core/engine.ts";
import { hintFor } from "./errors.ts";

export type PressureLimits = {
  /** Bytes of bodies that are being received. */
  readonly bodyBytes: number;
  readonly pendingEvents: number;
  readonly pendingBytes: number;
};

const LIMITS: PressureLimits = { bodyBytes: 192 * 1024 * 1024, pendingEvents: 100_000, pendingBytes: 192 * 1024 * 1024 };

/** A body of unknown length counts for this much. */
const UNKNOWN_BYTES: number = 1024 * 1024;

const RETRY_AFTER_S = 1;

/** A hook for routes that take events. */
export function refuseUnderPressure(
  engine: Pick<Engine, "pendingEvents">,
  limits: PressureLimits = LIMITS,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  let receiving = 0;
  return async (request, reply) => {
    const length = Number(request.headers["content-length"] ?? UNKNOWN_BYTES);
    const bytes = Number.isFinite(length) && length >= 0 ? length : UNKNOWN_BYTES;
    const { count, bytes: pendingBytes } = engine.pendingEvents;
    const isFull = receiving > 0 && receiving + bytes > limits.bodyBytes;
    if (isFull || count > limits.pendingEvents || pendingBytes > limits.pendingBytes) {
      const error = "The server has more events in hand than it can take; send the same request again a little later.";
      await reply
        .code(503)
        .header("retry-after", String(RETRY_AFTER_S))
        .send({ status: 503, message: "", error, code: "overloaded", hint: hintFor(503) });
      return;
    }
    receiving += bytes;
    reply.raw.once("close", () => {
      receiving -= bytes;
    });
  };
}
