/**
 * The step tools: each turns its arguments into a request, which the engine remembers, runs or reports.
 *
 * I1  The id is claimed while the tool is called, before anything asynchronous, so that repeated ids are numbered in the order of calls.
 *
 * Source: sdk 7 and Appendix A, wire-protocol 6.6 to 6.15.
 */
import type { Opcode } from "@pawl/protocol";
import { type AiModel, inferOptions, models } from "../ai/model.ts";
import { NonRetriableError } from "../error/errors.ts";
import type { EventTypes, SendableEvent } from "../event/event-type.ts";
import { functionSlug } from "../function/function.ts";
import { retriesConfig } from "../function/retries.ts";
import type { TopicRef } from "../realtime/channel.ts";
import { durationText, instantText, timeoutText } from "../time/duration.ts";
import { type FetchTarget, readFetch, toResponse } from "./fetch-request.ts";
import type { GroupTools, InvokeOptions, InvokeTarget, StepId, StepTools } from "./tools.ts";
import { type WaitArguments, waitOp } from "./wait-op.ts";

/** What a tool asks of the engine. */
export type StepRequest = {
  readonly id: string;
  readonly displayName: string;
  /** Opcode by which the step is reported when it isn't run here. */
  readonly op: Opcode;
  readonly name?: string;
  readonly opts?: Readonly<Record<string, unknown>>;
  /** Attempts of the step's code, where the step itself says so. */
  readonly attemptsMax?: number;
  /** The step's code; absent for what only the server can do. */
  readonly run?: (...input: unknown[]) => unknown;
  readonly input?: readonly unknown[];
  /** From the stored value to what the tool resolves to. */
  readonly restore?: (value: unknown) => unknown;
};

/** What tools need around them. */
export type ToolHost = {
  readonly appId: string;
  /** Event types that the client knows. */
  readonly eventTypes: EventTypes;
  /** When a function goes on after parallel steps: after each (`race`) or after the last (`wait`). */
  readonly parallelMode: ParallelMode;
  /** Last change of an invocation's data before it travels. */
  readonly sealData?: ((data: unknown) => unknown) | undefined;
  find(request: StepRequest): Promise<unknown>;
  sendEvents(events: readonly SendableEvent<EventTypes>[]): Promise<{ ids: string[] }>;
  sendSignal(signal: string, data: unknown): Promise<{ runId?: string }>;
  publish(topic: TopicRef, data: unknown): Promise<void>;
};

export type ParallelMode = "race" | "wait";

/** Tools of one call of a function. */
export function createTools(host: ToolHost): { readonly step: StepTools; readonly group: GroupTools } {
  const tools = new Tools(host);
  // Bound, because users take them apart: `const { run } = step`.
  const step = {
    run: tools.run.bind(tools),
    sleep: tools.sleep.bind(tools),
    sleepUntil: tools.sleepUntil.bind(tools),
    waitForEvent: tools.waitForEvent.bind(tools),
    sendEvent: tools.sendEvent.bind(tools),
    invoke: tools.invoke.bind(tools),
    waitForSignal: tools.waitForSignal.bind(tools),
    sendSignal: tools.sendSignal.bind(tools),
    fetch: tools.fetch.bind(tools),
    ai: { infer: tools.infer.bind(tools), wrap: tools.wrap.bind(tools), models },
    realtime: { publish: tools.publish.bind(tools) },
  };
  return { step: step as StepTools, group: { parallel: tools.parallel.bind(tools) as GroupTools["parallel"] } };
}

class Tools {
  private readonly host: ToolHost;
  /** Set while the synchronous part of a `group.parallel` callback runs. */
  private groupMode: ParallelMode;

  constructor(host: ToolHost) {
    this.host = host;
    this.groupMode = host.parallelMode;
  }

  run(id: StepId, fn: (...input: unknown[]) => unknown, ...input: unknown[]): Promise<unknown> {
    const base = this.base(id);
    if (typeof fn !== "function") throw new NonRetriableError(`Step "${base.id}": expected a function, not ${typeof fn}.`);
    return this.host.find({ ...base, op: "StepPlanned", name: base.id, run: fn, input });
  }

  sleep(id: StepId, duration: Parameters<StepTools["sleep"]>[1]): Promise<unknown> {
    const base = this.base(id);
    return this.host.find({ ...base, op: "Sleep", name: durationText(duration, `Step "${base.id}"`), restore: () => undefined });
  }

  sleepUntil(id: StepId, instant: Parameters<StepTools["sleepUntil"]>[1]): Promise<unknown> {
    const base = this.base(id);
    return this.host.find({ ...base, op: "Sleep", name: instantText(instant, `Step "${base.id}"`), restore: () => undefined });
  }

  waitForEvent(id: StepId, options: WaitArguments): Promise<unknown> {
    const base = this.base(id);
    const { opts, ...op } = waitOp(options, { stepId: base.id, known: this.host.eventTypes });
    return this.host.find({ ...base, ...op, opts: { ...base.opts, ...opts } });
  }

  sendEvent(id: StepId, events: SendableEvent<EventTypes> | readonly SendableEvent<EventTypes>[]): Promise<unknown> {
    const base = this.base(id);
    const list = Array.isArray(events) ? (events as readonly SendableEvent<EventTypes>[]) : [events as SendableEvent<EventTypes>];
    const opts = { ...base.opts, type: "step.sendEvent" };
    return this.host.find({ ...base, op: "StepPlanned", name: "sendEvent", opts, run: () => this.host.sendEvents(list) });
  }

  invoke(id: StepId, options: InvokeOptions<InvokeTarget>): Promise<unknown> {
    const base = this.base(id);
    const { data, v, user, meta, timeout } = options;
    const payload = {
      data: this.host.sealData?.(data ?? {}) ?? data ?? {},
      ...(v === undefined ? {} : { v }),
      ...(user === undefined ? {} : { user }),
      ...(meta === undefined ? {} : { meta }),
    };
    const function_id = this.targetSlug(options.function, base.id);
    const limit = timeout === undefined ? {} : { timeout: timeoutText(timeout, `Step "${base.id}", option \`timeout\``) };
    return this.host.find({ ...base, op: "InvokeFunction", opts: { ...base.opts, function_id, payload, ...limit } });
  }

  waitForSignal(id: StepId, options: Parameters<StepTools["waitForSignal"]>[1]): Promise<unknown> {
    const base = this.base(id);
    const { signal, onConflict = "fail" } = options;
    if (typeof signal !== "string" || signal === "")
      throw new NonRetriableError(`Step "${base.id}": \`signal\` must be a non-empty string.`);
    const timeout = timeoutText(options.timeout, `Step "${base.id}", option \`timeout\``);
    return this.host.find({ ...base, op: "WaitForSignal", name: signal, opts: { ...base.opts, signal, timeout, conflict: onConflict } });
  }

  sendSignal(id: StepId, options: { readonly signal: string; readonly data?: unknown }): Promise<unknown> {
    const base = this.base(id);
    const opts = { ...base.opts, type: "step.sendSignal", signal: options.signal };
    return this.host.find({
      ...base,
      op: "StepPlanned",
      name: "sendSignal",
      opts,
      run: () => this.host.sendSignal(options.signal, options.data),
    });
  }

  publish(id: StepId, topic: TopicRef, data: unknown): Promise<unknown> {
    const base = this.base(id);
    const run = async (): Promise<unknown> => {
      await this.host.publish(topic, data);
      return data;
    };
    return this.host.find({ ...base, op: "StepPlanned", opts: { ...base.opts, type: "step.realtime.publish" }, run });
  }

  infer(id: StepId, { model, body }: { readonly model: AiModel; readonly body: Readonly<Record<string, unknown>> }): Promise<unknown> {
    const base = this.base(id);
    return this.host.find({ ...base, op: "AIGateway", opts: { ...base.opts, ...inferOptions(model, body) } });
  }

  wrap(id: StepId, fn: (...input: unknown[]) => unknown, ...input: unknown[]): Promise<unknown> {
    const base = this.base(id);
    if (typeof fn !== "function") throw new NonRetriableError(`Step "${base.id}": expected a function, not ${typeof fn}.`);
    return this.host.find({ ...base, op: "StepPlanned", name: base.id, opts: { ...base.opts, type: "step.ai.wrap" }, run: fn, input });
  }

  fetch(input: FetchTarget, init?: RequestInit): Promise<unknown> {
    const { hostname, options } = readFetch(input, init);
    const base = this.base(`step.fetch: ${hostname}`);
    const find = (opts: object): Promise<unknown> =>
      this.host.find({ ...base, op: "Gateway", opts: { ...base.opts, ...opts }, restore: toResponse });
    return options instanceof Promise ? options.then(find) : find(options);
  }

  async parallel(first: { readonly mode?: ParallelMode } | (() => Promise<unknown>), second?: () => Promise<unknown>): Promise<unknown> {
    const [options, fn] = typeof first === "function" ? [{}, first] : [first, second];
    if (fn === undefined) throw new NonRetriableError("group.parallel: expected a function.");
    const outer = this.groupMode;
    this.groupMode = options.mode ?? outer;
    try {
      return fn();
    } finally {
      this.groupMode = outer;
    }
  }

  private base(step: StepId): Pick<StepRequest, "id" | "displayName" | "opts" | "attemptsMax"> {
    const id = typeof step === "string" ? step : step?.id;
    if (typeof id !== "string" || id === "") throw new NonRetriableError("A step needs an id: a non-empty string, or { id, name }.");
    const parallelMode = (typeof step === "string" ? undefined : step.parallelMode) ?? this.groupMode;
    const displayName = (typeof step === "string" ? undefined : step.name) ?? id;
    const retries = typeof step === "string" ? undefined : step.retries;
    const retry = retries === undefined ? undefined : retriesConfig(retries, (option) => `Step "${id}", option \`${option}\``);
    // "wait" is what servers do unless told otherwise.
    const opts = {
      ...(parallelMode === "wait" ? {} : { parallelMode }),
      ...(retry === undefined ? {} : { retry }),
    };
    return {
      id,
      displayName,
      ...(Object.keys(opts).length === 0 ? {} : { opts }),
      ...(typeof retry?.attempts === "number" ? { attemptsMax: retry.attempts + 1 } : {}),
    };
  }

  private targetSlug(target: InvokeTarget, stepId: string): string {
    if (typeof target === "string" && target !== "") return target;
    // By shape and not by class, because a process may hold two copies of this package.
    if (typeof target === "object" && "functionId" in target) return functionSlug(target.appId ?? this.host.appId, target.functionId);
    if (typeof target === "object" && "slug" in target) return target.slug;
    throw new NonRetriableError(`Step "${stepId}": \`function\` must be a function of createFunction, a reference, or a slug.`);
  }
}
