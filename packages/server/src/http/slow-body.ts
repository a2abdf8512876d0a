/**
 * Bodies that come too slowly.
 *
 * I1  A body that is not there in time is answered with 408, and its connection is cut: nothing that was received is kept.
 * I2  A stream that is published while it comes may take its time; its route says so with `config.mayStream`.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../ports/clock.ts";
import { hintFor, sendError } from "./errors.ts";

declare module "fastify" {
  // Fastify is told of settings of routes in this way only.
  // oxlint-disable-next-line typescript/consistent-type-definitions
  interface FastifyContextConfig {
    /** Whether a request's body is used while it comes, for as long as it comes. Default: it is not. */
    readonly mayStream?: (request: FastifyRequest) => boolean;
  }
}

export type SlowBodyOptions = { readonly clock: Pick<Clock, "setTimer">; readonly bodyMs: number };

/** How long the answer may take to leave before the connection is cut, milliseconds. */
const LEAVE_MS = 1_000;

/** A hook for every route. */
export function refuseSlowBodies({ clock, bodyMs }: SlowBodyOptions): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const { raw } = request;
    if (!hasBody(raw) || raw.complete || request.routeOptions.config.mayStream?.(request) === true) return;
    const timer = clock.setTimer(bodyMs, () => cutOff({ request, reply, clock, bodyMs }));
    const done = (): void => timer.cancel();
    raw.once("end", done);
    raw.once("close", done);
  };
}

/** Whether a request says that it has a body. */
export function hasBody({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

type Slow = SlowBodyOptions & { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** Where the answer has been sent without reading the body, there is nothing left to say. */
function cutOff({ request: { raw }, reply, clock, bodyMs }: Slow): void {
  const cut = (): void => void raw.destroy();
  if (reply.raw.headersSent || reply.sent) return cut();
  const timer = clock.setTimer(LEAVE_MS, cut);
  reply.raw.once("finish", cut);
  reply.raw.once("close", () => timer.cancel());
  void reply.header("connection", "close");
  const message = `The body did not arrive within ${String(bodyMs / 1_000)} seconds.`;
  sendError(reply, { status: 408, code: "request_timeout", message, hint: hintFor(408) });
}
