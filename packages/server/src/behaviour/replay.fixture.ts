/**
 * A function of the scripted app: plain code over steps, run again from its beginning for every call, as an SDK does it.
 *
 * I1  A step that the call brings a result for gives that result; the others are found and reported. Results are given in the order in
 *     which the steps finished, so a race has the same winner each time.
 * I2  Code goes on until nothing is left to do but wait for steps that were found: other promises are waited for.
 *
 * Spec: wire 6.4, 6.5.
 */
import type { CallRequest, WireOp } from "@pawl/protocol";
import { hashStepId } from "@pawl/protocol";

/** An error that forbids further attempts. */
export class NoRetryError extends Error {
  override readonly name = "NoRetryError";
}

/** An error that says when the next attempt is to be. `retryAfter` is the header's text. */
export class RetryAfterError extends Error {
  override readonly name = "RetryAfterError";
  readonly retryAfter: string;

  constructor(message: string, retryAfter: string) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** What a failed step throws in the function's body. */
export class StepFailure extends Error {
  readonly error: Readonly<Record<string, unknown>>;

  constructor(error: Readonly<Record<string, unknown>>) {
    super(String(error["message"]));
    this.name = String(error["name"]);
    this.error = error;
  }
}

/** Options of an op, as they go over the wire. */
type Options = Readonly<Record<string, unknown>>;

/** The steps that scripts use. Ids are unique within a function. */
export type Steps = {
  readonly run: (id: string, body: () => unknown, opts?: Options) => Promise<unknown>;
  readonly sleep: (id: string, duration: string) => Promise<unknown>;
  readonly waitForEvent: (id: string, opts: Options) => Promise<unknown>;
  readonly waitForSignal: (id: string, opts: Options) => Promise<unknown>;
  readonly invoke: (id: string, opts: Options) => Promise<unknown>;
  /** Any op. */
  readonly op: (id: string, op: Partial<WireOp> & Pick<WireOp, "op">) => Promise<unknown>;
};

export type ScriptContext = {
  readonly step: Steps;
  readonly event: CallRequest["event"];
  readonly events: CallRequest["events"];
  readonly attempt: number;
  readonly runId: string;
};

export type Script = (context: ScriptContext) => unknown;

/** A step that was reached and has no result yet. `body`: it runs in the app. */
export type FoundStep = { readonly id: string; readonly op: WireOp; readonly body?: () => unknown };

export type Outcome =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "found"; readonly steps: readonly FoundStep[] };

type Reached = { readonly resolve: () => void };

/** Runs a script as far as the call's results lead. */
export async function replay(script: Script, call: CallRequest): Promise<Outcome> {
  const found: FoundStep[] = [];
  const reached = new Map<string, Reached>();
  let end: Outcome | undefined;
  let wake = (): void => {};
  const reach = (id: string, rest: Omit<FoundStep, "id">): Promise<unknown> => {
    wake();
    const hash = hashStepId(id);
    const memo = call.steps[hash];
    if (memo === undefined || isInput(memo)) {
      found.push({ id: hash, ...rest });
      return new Promise(() => {});
    }
    return new Promise((resolve, reject) => {
      reached.set(hash, { resolve: () => settle(memo, { resolve, reject }) });
    });
  };
  const { event, events, ctx } = call;
  const context: ScriptContext = { step: stepsOf(reach), event, events, attempt: ctx.attempt, runId: ctx.run_id };
  void Promise.resolve()
    .then(() => script(context))
    .then(
      (value) => (end = { kind: "returned", value }),
      (error: unknown) => (end = { kind: "threw", error }),
    )
    .then(() => wake());
  const order = [...(call.ctx.stack.stack ?? []), ...Object.keys(call.steps)];
  for (;;) {
    await microtasksDone();
    if (end !== undefined) return end;
    const next = order.find((hash) => reached.has(hash));
    if (next !== undefined) {
      reached.get(next)?.resolve();
      reached.delete(next);
    } else if (found.length > 0) return { kind: "found", steps: found };
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

function stepsOf(reach: (id: string, rest: Omit<FoundStep, "id">) => Promise<unknown>): Steps {
  const op = (id: string, rest: Partial<WireOp> & Pick<WireOp, "op">): WireOp => ({
    id: hashStepId(id),
    name: id,
    displayName: id,
    userland: { id },
    ...rest,
  });
  const other =
    (opcode: WireOp["op"]) =>
    (id: string, opts: Options): Promise<unknown> =>
      reach(id, { op: op(id, { op: opcode, opts }) });
  return {
    run: (id, body, opts = {}) => reach(id, { op: op(id, { op: "StepPlanned", opts }), body }),
    sleep: (id, duration) => reach(id, { op: op(id, { op: "Sleep", name: duration, opts: { duration } }) }),
    waitForEvent: other("WaitForEvent"),
    waitForSignal: other("WaitForSignal"),
    invoke: other("InvokeFunction"),
    op: (id, rest) => reach(id, { op: op(id, rest) }),
  };
}

type Settlers = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };

/** Null and bare objects (events) are results as they are; others come wrapped. */
function settle(memo: unknown, { resolve, reject }: Settlers): void {
  if (!isRecord(memo)) return resolve(memo);
  if (isRecord(memo["error"])) return reject(new StepFailure(memo["error"]));
  resolve("data" in memo && !("name" in memo) ? memo["data"] : memo);
}

/** An edited input is no result. */
function isInput(memo: unknown): boolean {
  return isRecord(memo) && "input" in memo;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Next ticks come when no microtask is left. */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
