/**
 * Takes a claimed item and does what it is for: calls the app, makes a step's request to another server, or ends a sleep or a wait.
 *
 * I1  What an app answers is decided on only under the item's lease; a late answer changes nothing.
 * I2  A call of a run that has ended is aborted, and so is a request of its steps.
 * I3  A run is shown as running at the latest `START_NOTE_MS` after its first call began, though most calls end earlier and then need no
 *     write of their own.
 * I4  A call may be made on a state that is ahead of a commit (runs.ts, I1). Should that commit fail, what the app says counts for
 *     nothing: it was told results that are not stored. The item is tried again, and so is a decision that an item is obsolete.
 *
 * Spec: semantics 4; wire 5.
 */
import {
  callBody,
  callsApp,
  type ChangeSet,
  classifyReply,
  type Decision,
  decideGateway,
  decideLookBack,
  decideReply,
  decideTimer,
  decisionOf,
  draftOf,
  endpointReply,
  type GatewayOutcome,
  gatewayRequestOf,
  isFinished,
  isStartLane,
  mustPlan,
  type ItemRow,
  noteStart,
  type RandomSource,
  type RawReply,
  type Reply,
  type RunState,
  type StepRow,
} from "@pawl/engine";
import { CALL_MS_MAX, DISCOVERY_STEP_ID, HEADER } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { CallHeld, Invoker } from "../ports/invoker.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { Logger } from "../ports/logger.ts";
import { signBody, signedForm } from "../app/signature.ts";
import { given } from "../json.ts";
import { traceContextOf } from "../tracing/trace-context.ts";
import { endpointCallOf } from "./endpoint-call.ts";
import { eventsBefore } from "./look-back.ts";
import type { ItemOutcome } from "./queue.ts";
import type { Registry } from "./registry.ts";
import type { Runs } from "./runs.ts";
import { signalHoldersOf } from "./signal-holders.ts";

/** An answer is decided anew so often where others take its signals; then the call is made again. */
const SIGNAL_TRIES_MAX = 10;

/** Calls that take longer than this have their start noted while they go on. */
const START_NOTE_MS = 50;

const ACCOUNT_ID = "00000000-0000-4000-a000-000000000000";

export type ExecutorOptions = {
  readonly store: Pick<Store, "apply" | "eventsOfName" | "pauseById" | "pauseBySignal">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly runs: Runs;
  readonly invoker: Invoker;
  /** Makes the requests of steps. Default: they fail. */
  readonly gateway?: Gateway;
  /** The item as it is now; a checkpoint may have reset its attempts. */
  readonly currentItem: (item: ItemRow) => ItemRow;
  /** Tells the queue that an item was deleted without a decision about its run. */
  readonly itemDeleted: (itemId: string) => void;
  readonly signingKey?: string;
  /** Constant delay of retries, milliseconds. */
  readonly retryIntervalMs?: number;
};

/** A call in progress: of the app, or a request to another server. */
export type CallInProgress = {
  readonly item: ItemRow;
  readonly generation: number;
  readonly startedAt: number;
  readonly requestId: string;
  readonly told: Told;
};

/** What the app was told: the first `stepsDone` steps of a state, which may have more by now. */
export type Told = { readonly state: RunState; readonly stepsDone: number };

type Call = CallInProgress & { readonly abort: AbortController; readonly stored: PromiseWithResolvers<boolean> };

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #calls = new Map<string, Call>();
  readonly #byRun = new Map<string, Set<Call>>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Processes a claimed item. Resolves when its decision has committed. */
  async process(item: ItemRow, generation: number): Promise<ItemOutcome> {
    const state = await this.#options.runs.get(item.runId);
    if (state === undefined || state.run.endedAt !== undefined || isObsolete(state, item)) return this.#discard(item, generation, state);
    if (item.kind === "gateway") return this.#request(state, item, generation);
    if (callsApp(item)) return this.#call(state, item, generation);
    if (item.kind === "look-back") return this.#lookBack(state, item, generation);
    const decided = await this.#options.runs.decide(item.runId, (current, env) => {
      const [call] = this.callsOfRun(item.runId);
      return decideTimer(current, { item, generation, ...(call === undefined ? {} : { calledAt: call.startedAt }) }, env);
    });
    return decided.kind === "no-run" ? this.#discard(item, generation, undefined) : "decided";
  }

  async #lookBack(state: RunState, item: ItemRow, generation: number): Promise<ItemOutcome> {
    const { store, clock, runs } = this.#options;
    // Events that were handed over before, and found no pause then, are stored when this is: the search sees them.
    await store.apply({ guards: [], changes: [] });
    const found = await eventsBefore(store, state, { item, now: clock.now() });
    let isInVain = false;
    const decided = await runs.decide(item.runId, (current, env) => {
      // What had ended the wait when it was looked at has not been stored.
      const step = current.steps.get(item.stepId ?? "");
      isInVain = found === undefined && step !== undefined && !isFinished(step) && current.run.endedAt === undefined;
      return isInVain ? undefined : decideLookBack(current, { item, generation, found: found ?? [] }, env);
    });
    if (isInVain) return "fault";
    return decided.kind === "no-run" ? this.#discard(item, generation, undefined) : "decided";
  }

  /** Makes a step's request to another server. */
  async #request(state: RunState, item: ItemRow, generation: number): Promise<ItemOutcome> {
    const { runs, retryIntervalMs } = this.#options;
    const step = state.steps.get(item.stepId ?? "");
    if (step === undefined || isFinished(step)) return this.#discard(item, generation, state);
    const call = this.#newCall(state, item, generation);
    const { startedAt, abort } = call;
    const outcome = await this.#ask(step, abort.signal).finally(() => this.#untrack(call));
    if (abort.signal.aborted) return this.#discardIfOver(item, generation);
    const input = { item, generation, outcome, startedAt, ...(retryIntervalMs === undefined ? {} : { retryIntervalMs }) };
    const decided = await runs.decide(item.runId, (current, env) => decideGateway(current, input, env));
    return decided.kind === "no-run" ? this.#discard(item, generation, undefined) : "decided";
  }

  async #ask(step: StepRow, signal: AbortSignal): Promise<GatewayOutcome> {
    const { gateway } = this.#options;
    const request = gatewayRequestOf(step);
    if (typeof request === "string") return { kind: "failure", message: request, isRetryable: false };
    if (gateway === undefined) return { kind: "failure", message: "This server makes no requests for steps.", isRetryable: false };
    return gateway.request(request, signal);
  }

  /** The call that works on an item. */
  callOf(itemId: string): CallInProgress | undefined {
    return this.#calls.get(itemId);
  }

  /** Calls of a run that are in progress. */
  callsOfRun(runId: string): readonly CallInProgress[] {
    return [...(this.#byRun.get(runId) ?? [])];
  }

  /** Whether a call of a run is under way that is not for one step alone. */
  isDiscovering(runId: string): boolean {
    for (const { item } of this.#byRun.get(runId) ?? []) if (item.stepId === undefined) return true;
    return false;
  }

  /** Ends the calls of a run that has ended. */
  abortRun(runId: string): void {
    for (const { abort } of this.#byRun.get(runId) ?? []) abort.abort(new Error("The run has ended."));
  }

  /** Ends every call, for a shutdown that can't wait. The items are given back. */
  abortAll(): void {
    for (const { abort } of this.#calls.values()) abort.abort(new Error("The server is stopping."));
  }

  async #call(state: RunState, item: ItemRow, generation: number): Promise<ItemOutcome> {
    const call = this.#newCall(state, item, generation);
    let outcome: ItemOutcome = "fault";
    try {
      outcome = await this.#callAndDecide(state, call);
      return outcome;
    } finally {
      call.stored.resolve(outcome === "decided");
    }
  }

  async #callAndDecide(state: RunState, call: Call): Promise<ItemOutcome> {
    const { clock } = this.#options;
    const { item, generation } = call;
    const note = state.run.startedAt === undefined ? clock.setTimer(START_NOTE_MS, () => void this.#noteStart(call)) : undefined;
    const raw = await this.#send(state, call).finally(() => {
      note?.cancel();
      this.#untrack(call);
    });
    if (raw === "aborted") return this.#discardIfOver(item, generation);
    if (raw.kind === "held") return "fault";
    const answer = classifyReply(raw, clock.now());
    const { definition } = this.#options.registry.functionById(item.functionId) ?? {};
    const reply = definition?.endpoint === undefined ? answer : endpointReply(answer);
    for (let tries = 0; tries < SIGNAL_TRIES_MAX; tries++) {
      const outcome = await this.#takeReply(call, reply);
      if (outcome !== "signal-taken") return outcome;
    }
    return "fault";
  }

  /** `signal-taken`: another run has begun or ceased to wait for a signal meanwhile, so the answer means something else. */
  async #takeReply({ item, generation, startedAt, told }: Call, reply: Reply): Promise<ItemOutcome | "signal-taken"> {
    const { retryIntervalMs, runs } = this.#options;
    const signalHolders = reply.kind === "ops" ? await signalHoldersOf(this.#options.store, reply.ops) : undefined;
    const retry = retryIntervalMs === undefined ? {} : { retryIntervalMs };
    let isMisled = false;
    const decided = await runs.decide(item.runId, (current, env) => {
      isMisled = !isStillTrue(told, current);
      if (isMisled) return undefined;
      const now = runs.amendedItem(current, item.id) ?? this.#options.currentItem(item);
      const input = { item: now, generation, reply, startedAt, ...retry };
      return decideReply(current, signalHolders === undefined ? input : { ...input, signalHolders }, env);
    });
    if (isMisled) return "fault";
    const isTaken = decided.kind === "stale" && decided.guard.kind !== "item-leased" && signalHolders !== undefined;
    return isTaken ? "signal-taken" : "decided";
  }

  async #send(state: RunState, call: Call): Promise<RawReply | CallHeld | "aborted"> {
    const { registry, invoker, clock, signingKey } = this.#options;
    const { item, generation, requestId, abort, stored } = call;
    const definition = registry.functionById(item.functionId)?.definition;
    if (definition === undefined)
      return { kind: "no-response", code: "unknown_function", message: `The function ${item.functionId} is not registered any more.` };
    const stepId = item.stepId ?? DISCOVERY_STEP_ID;
    const request = definition.endpoint === undefined ? undefined : endpointCallOf(state);
    const body = request?.body ?? callBody(state, { item, generation, requestId });
    const signed = request === undefined ? body : signedForm(body);
    const url = request?.url ?? stepUrl(definition.url, stepId);
    const headers = {
      ...(request?.contentType === "" ? {} : { "content-type": request?.contentType ?? "application/json" }),
      "user-agent": "Pawl",
      [HEADER.accountId]: ACCOUNT_ID,
      [HEADER.runId]: item.runId,
      [HEADER.requestId]: requestId,
      [HEADER.generationId]: String(generation),
      [HEADER.jobId]: item.id,
      [HEADER.reqVersion]: String(state.run.requestVersion),
      // An endpoint tells a call from a first request by the signature header, and one for a step by the step's id.
      ...(request === undefined || item.stepId !== undefined ? { [HEADER.stepId]: stepId } : {}),
      ...(request === undefined ? {} : { [HEADER.signature]: "" }),
      ...(request !== undefined && mustPlan(state, item) ? { [HEADER.forceStepPlan]: "true" } : {}),
      ...(signingKey === undefined ? {} : { [HEADER.signature]: signBody(signed, { signingKey, now: clock.now() }) }),
      ...traceContextOf(item, state.run.appId),
    };
    const limit = clock.setTimer(CALL_MS_MAX, () => abort.abort("timeout"));
    try {
      const raw = await invoker.call({
        url,
        headers,
        body,
        attempt: item.attempt,
        signal: abort.signal,
        isStored: stored.promise,
        ...given("method", request?.method),
      });
      if (!abort.signal.aborted) return raw;
      return abort.signal.reason === "timeout"
        ? {
            kind: "no-response",
            code: "request_duration_too_long",
            message: `The app did not answer within ${CALL_MS_MAX / 3_600_000} hours.`,
          }
        : "aborted";
    } finally {
      limit.cancel();
    }
  }

  /** Shows a run as running while its first call goes on. */
  async #noteStart({ item, startedAt }: Call): Promise<void> {
    try {
      await this.#options.runs.decide(item.runId, (state, env) => startDecision(state, { item, startedAt, env }));
    } catch (error) {
      this.#options.logger.warn({ runId: item.runId, error: String(error) }, "noting the start of a run failed");
    }
  }

  /** Drops an item that has nothing to do any more, as `state` says; undefined: its run is not there. */
  async #discard(item: ItemRow, generation: number, state: RunState | undefined): Promise<ItemOutcome> {
    const changeSet: ChangeSet = {
      guards: [
        { kind: "item-leased", itemId: item.id, generation },
        ...(state === undefined ? [] : [{ kind: "run-version", runId: state.run.id, version: state.run.version } as const]),
      ],
      changes: [{ kind: "delete-item", itemId: item.id }],
    };
    const result = await this.#options.store.apply(changeSet);
    if (result.kind === "conflict" && result.guard.kind === "run-version") return "fault";
    this.#options.itemDeleted(item.id);
    return "decided";
  }

  /** After a call was cut off: because its run has ended, or because the server stops. */
  async #discardIfOver(item: ItemRow, generation: number): Promise<ItemOutcome> {
    const state = await this.#options.runs.get(item.runId);
    return state === undefined || state.run.endedAt !== undefined ? this.#discard(item, generation, state) : "fault";
  }

  #newCall(state: RunState, item: ItemRow, generation: number): Call {
    const startedAt = this.#options.clock.now();
    const told: Told = { state, stepsDone: state.run.stepsDone };
    const requestId = this.#options.random.ulid(startedAt);
    const call: Call = { item, generation, startedAt, requestId, told, abort: new AbortController(), stored: Promise.withResolvers() };
    this.#calls.set(call.item.id, call);
    const calls = this.#byRun.get(call.item.runId);
    if (calls === undefined) this.#byRun.set(call.item.runId, new Set([call]));
    else calls.add(call);
    return call;
  }

  #untrack(call: Call): void {
    this.#calls.delete(call.item.id);
    const calls = this.#byRun.get(call.item.runId);
    calls?.delete(call);
    if (calls?.size === 0) this.#byRun.delete(call.item.runId);
  }
}

/** Whether all that an app was told is stored, or about to be (I4). The state that it was told from is another one only after a failure. */
export function isStillTrue({ state, stepsDone }: Told, current: RunState): boolean {
  if (state === current) return true;
  for (const { id, position, result } of state.steps.values())
    if (position !== undefined && position < stepsDone && current.steps.get(id)?.result !== result) return false;
  return true;
}

/** A planned step that has been finished otherwise. */
function isObsolete({ steps }: RunState, { kind, stepId }: ItemRow): boolean {
  if (kind !== "planned-step" || stepId === undefined) return false;
  const step = steps.get(stepId);
  return step === undefined || isFinished(step);
}

function startDecision(
  state: RunState,
  { item, startedAt, env }: { readonly item: ItemRow; readonly startedAt: number; readonly env: Parameters<typeof draftOf>[1] },
): Decision | undefined {
  if (state.run.startedAt !== undefined || state.run.endedAt !== undefined) return undefined;
  const draft = draftOf(state, env);
  noteStart(draft, startedAt);
  // It is not among the runs that wait for their start any more.
  if (isStartLane(item.lane)) draft.changes.push({ kind: "amend-item", item: { ...item, lane: state.run.lane } });
  return decisionOf(draft);
}

/** The step's URL with `stepId` set. */
function stepUrl(url: string, stepId: string): string {
  const known = urls.get(url);
  const base = known ?? withoutStepId(url);
  if (known === undefined && urls.size < URLS_KEPT_MAX) urls.set(url, base);
  return `${base}stepId=${stepId}`;
}

const URLS_KEPT_MAX = 5_000;
const urls = new Map<string, string>();

function withoutStepId(url: string): string {
  const parsed = new URL(url);
  parsed.searchParams.delete("stepId");
  parsed.searchParams.sort();
  return `${parsed.href}${parsed.search === "" ? "?" : "&"}`;
}
