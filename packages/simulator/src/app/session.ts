/** One call of the app while it is worked on. */
import { type CallRequest, hashStepId, type WireOp } from "@pawl/protocol";
import { lazyOpOf, type Payload } from "./ops.ts";
import type { Program } from "./program.ts";
import type { Replay } from "./replay.ts";

export type Session = {
  readonly program: Program;
  readonly call: CallRequest;
  readonly steps: Record<string, unknown>;
  readonly stack: string[];
  /** Finished steps, and what rides along with them, that the server does not know of yet. */
  buffer: WireOp[];
  /** Ids of ops that ride along and are in the buffer, or were. */
  readonly noted: Set<string>;
};

/** What a call begins with. */
export function sessionOf(program: Program, call: CallRequest): Session {
  return { program, call, steps: { ...call.steps }, stack: [...(call.ctx.stack.stack ?? [])], buffer: [], noted: new Set() };
}

/** A request of an endpoint as a call: its text is the payload, and how often it has been tried is not told. */
export function endpointCall(request: {
  readonly runId: string;
  readonly itemId: string;
  readonly generation: number;
  readonly steps: Readonly<Record<string, unknown>>;
  readonly stack: readonly string[];
  readonly mustPlan: boolean;
  readonly body: string;
}): CallRequest {
  const { runId, itemId, generation, steps, stack, mustPlan, body } = request;
  const event = { name: "", ts: 0, data: JSON.parse(body) as Payload };
  const ctx = {
    run_id: runId,
    qi_id: itemId,
    generation_id: generation,
    attempt: 0,
    max_attempts: Number.MAX_SAFE_INTEGER,
    disable_immediate_execution: mustPlan,
    stack: { stack, current: stack.length },
  };
  return { event, events: [event], steps, ctx } as unknown as CallRequest;
}

/** What the server does not know yet goes with the next report; what it knows is not sent again. */
export function noteLazy(session: Session, lazy: Replay["lazy"]): void {
  const { defers = {} } = session.call;
  for (const statement of lazy) {
    const op = lazyOpOf(statement, payloadOf(session));
    const known = defers[hashStepId(statement.kind === "defer" ? statement.id : statement.defer)];
    const isKnown = statement.kind === "defer" ? known !== undefined : known?.abortable === false;
    if (isKnown || session.noted.has(op.id)) continue;
    session.noted.add(op.id);
    session.buffer.push(op);
  }
}

/** What started the run, as far as the app looks at it. */
export function payloadOf({ call }: Session): Payload {
  const { k, n } = call.event.data;
  const [first = {}, ...others] = call.events.map(sessionsIn);
  const common = Object.entries(first).filter(([key, id]) => others.every((sessions) => sessions[key] === id));
  return common.length === 0 ? { k, n } : { k, n, sessions: Object.fromEntries(common) };
}

/** Sessions that an event names. */
export function sessionsIn(event: object): Readonly<Record<string, string>> {
  const { meta } = event as { readonly meta?: { readonly sessions?: Readonly<Record<string, string>> } };
  return meta?.sessions ?? {};
}
