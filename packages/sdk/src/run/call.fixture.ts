/** Calls of functions with plain values, for tests: no server, no HTTP, a clock that moves only when told to. */
import { hashStepId, type CallContext, type CallEvent, type CallRequest, type WireOp } from "@pawl/protocol";
import { Pawl } from "../client/client.ts";
import type { PawlOptions } from "../client/options.ts";
import type { Runtime } from "../client/runtime.ts";
import type { AnyFunction } from "../function/function.ts";
import { executeCall } from "../serve/call.ts";
import type { SaveResult } from "./checkpointer.ts";
import type { Outcome } from "./outcome.ts";

/** A clock whose timers fire when the test advances it. */
export class FakeRuntime implements Runtime {
  private time = 1_700_000_000_000;
  private timers: { readonly at: number; readonly callback: () => void }[] = [];

  now = (): number => this.time;
  elapsed = (): number => this.time;
  randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(7);
  setTimer = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.time + ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  get timerCount(): number {
    return this.timers.length;
  }

  /** Moves on and fires what is due, in order. */
  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter((timer) => timer.at <= this.time).sort((a, b) => a.at - b.at);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    for (const { callback } of due) callback();
  }
}

/** Lets everything that needs no timer happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export const event: CallEvent = {
  name: "order/paid",
  data: { order: 9 },
  id: "01HF7YAT00000G40R40M30E209",
  ts: 1_700_000_000_000,
  user: {},
};

export type TestCall = {
  readonly steps?: Readonly<Record<string, unknown>>;
  readonly stack?: readonly string[];
  readonly defers?: CallRequest["defers"];
  readonly stepId?: string;
  readonly ctx?: Partial<CallContext>;
  readonly events?: readonly CallEvent[];
  /** Answers of the checkpoint endpoint; absent: checkpointing is impossible. */
  readonly save?: (ops: readonly WireOp[]) => SaveResult | Promise<SaveResult>;
};

export type TestOutcome = Outcome & { readonly wire: readonly WireOp[] };

/** A client with a clock of its own and silent logs. */
export function testClient(options?: Partial<PawlOptions>): Pawl & { readonly clock: FakeRuntime; readonly logs: string[] } {
  const clock = new FakeRuntime();
  const logs: string[] = [];
  const log = (...args: unknown[]): void => void logs.push(args.map(String).join(" "));
  const client = new Pawl({
    id: "shop",
    isDev: true,
    logger: { debug: log, info: log, warn: log, error: log },
    runtime: clock,
    ...options,
  });
  return Object.assign(client, { clock, logs });
}

/** Steps by user id instead of by hash. */
export function memo(steps: Readonly<Record<string, unknown>>): { readonly steps: Record<string, unknown>; readonly stack: string[] } {
  const entries = Object.entries(steps).map(([id, value]) => [hashStepId(id), value] as const);
  return { steps: Object.fromEntries(entries), stack: entries.map(([hash]) => hash) };
}

/** Calls a function once. */
export async function call(client: Pawl, fn: AnyFunction, input: TestCall = {}): Promise<TestOutcome> {
  const { steps = {}, stack = Object.keys(steps), stepId = "step", save } = input;
  const request: CallRequest = {
    event: input.events?.[0] ?? event,
    events: input.events ?? [event],
    steps,
    ...(input.defers === undefined ? {} : { defers: input.defers }),
    version: -1,
    use_api: false,
    ctx: {
      run_id: "01HF7YAT00000G40R40M30E20A",
      fn_id: "7f6c0000-0000-4000-8000-000000000000",
      env: "",
      step_id: "step",
      attempt: 0,
      max_attempts: 4,
      stack: { stack, current: stack.length },
      qi_id: "cXVldWU=",
      disable_immediate_execution: false,
      use_api: false,
      ...input.ctx,
    },
  };
  const outcome = await executeCall({
    client,
    callable: { fn, handler: fn.handler, isFailureHandler: false },
    request,
    stepId,
    save: save === undefined ? undefined : async (ops) => save(ops.map((op) => JSON.parse(op) as WireOp)),
  });
  return { ...outcome, wire: outcome.kind === "ops" ? outcome.ops.map((op) => JSON.parse(op) as WireOp) : [] };
}

/** What a server would have stored after an op. */
export function stored(op: WireOp): unknown {
  return op.op === "StepFailed" || op.op === "StepError" ? { error: op.error } : { data: op.data };
}

/** Plays the server until the run ends: stores results, calls back for planned steps, completes sleeps. Waits get `waits[name]`. */
export async function runToEnd(
  client: Pawl,
  fn: AnyFunction,
  options: { readonly waits?: Record<string, unknown>; readonly isCheckpointing?: boolean } = {},
): Promise<{
  readonly result: unknown;
  readonly error: unknown;
  readonly calls: number;
  readonly checkpoints: number;
}> {
  const steps: Record<string, unknown> = {};
  const stack: string[] = [];
  let calls = 0;
  let checkpoints = 0;
  const store = (op: WireOp, value: unknown): void => {
    if (op.id in steps) return;
    steps[op.id] = value;
    stack.push(op.id);
  };
  const save = (ops: readonly WireOp[]): SaveResult => {
    checkpoints += 1;
    for (const op of ops) store(op, stored(op));
    return "saved";
  };
  for (;;) {
    calls += 1;
    if (calls > 200) throw new Error("The run doesn't end.");
    const outcome = await call(client, fn, {
      steps: { ...steps },
      stack: [...stack],
      ...(options.isCheckpointing === true ? { save } : {}),
    });
    if (outcome.kind === "complete") return { result: JSON.parse(outcome.text), error: undefined, calls, checkpoints };
    if (outcome.kind === "error") return { result: undefined, error: outcome.error, calls, checkpoints };
    if (outcome.kind === "missing") throw new Error("A step is missing.");
    const isParallel = outcome.wire.length > 1;
    for (const op of outcome.wire) {
      if (op.op === "RunComplete") return { result: op.data, error: undefined, calls, checkpoints };
      if (op.op === "StepPlanned") {
        const reply = await call(client, fn, {
          steps: { ...steps },
          stack: [...stack],
          stepId: op.id,
          ctx: { disable_immediate_execution: isParallel },
        });
        calls += 1;
        for (const done of reply.wire) store(done, stored(done));
      } else if (op.op === "Sleep") store(op, null);
      else if (op.op === "WaitForEvent" || op.op === "InvokeFunction") store(op, options.waits?.[op.displayName ?? ""] ?? null);
      else store(op, stored(op));
    }
  }
}
