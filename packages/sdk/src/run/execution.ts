/**
 * One call of a function: runs its code from the top, gives remembered results back, runs or reports what is new.
 *
 * I1  A step whose result is stored is never run again.
 * I2  What is new is decided on only when the function can make no further progress by itself (see `drain.ts`).
 * I3  A step's code starts only when fewer than `bufferedSteps` earlier results of this call are unsaved. With the default of 1: none.
 * I4  A result is not held back while the function is busy with something else for longer than IDLE_MS.
 * I5  The outcome is decided once; whatever the function does after that has no consequence.
 * I6  What was deferred travels with something else; alone, it would leave the run without a next step.
 *
 * Results are not saved when a step ends but when the next one begins: a function that ends right after a step then needs no request for it.
 *
 * Source: wire-protocol 6.3 to 6.5 and 7.2, sdk 11.
 */
import { DISCOVERY_STEP_ID, type CallStack } from "@pawl/protocol";
import { NestedStepError, StepError } from "../error/errors.ts";
import { serializeError } from "../error/serialize-error.ts";
import { afterRoundTrip, jsonText } from "../json/json-text.ts";
import { gatedLogger, type Logger } from "../logger.ts";
import type { Runtime } from "../client/runtime.ts";
import type { DeferHandle } from "../defer/tool.ts";
import type { StepRequest } from "../step/create-tools.ts";
import { Alarms } from "./alarms.ts";
import { Checkpointer, type Save } from "./checkpointer.ts";
import { Deferrals, type KnownDefers } from "./deferrals.ts";
import { afterMicrotasks } from "./drain.ts";
import { FoundStep } from "./found-step.ts";
import { MemoLedger } from "./memo.ts";
import { enclosingStep, runInsideStep } from "./nesting.ts";
import { completeText, doneText, failedText, requestText, type Timing } from "./op-text.ts";
import { StepIds } from "./step-ids.ts";
import type { TracedStep } from "./tracing.ts";
import { isNonRetriable, retryAfterOf, type Outcome } from "./outcome.ts";

/** How results are saved while the function goes on. Absent: the call returns after each step. */
export type CheckpointSettings = {
  readonly save: Save;
  /** 1 or more. */
  readonly bufferedSteps: number;
  /** Milliseconds; 0: no limit. */
  readonly maxRuntimeMs: number;
  /** Milliseconds; 0: off. */
  readonly maxIntervalMs: number;
};

export type ExecutionInput = {
  /** Stored results, by step hash. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly stack: CallStack | null | undefined;
  /** Deferred runs that the server knows. */
  readonly defers?: KnownDefers;
  /** Saves what was deferred when nothing else can carry it. Absent: such is lost. */
  readonly save?: Save | undefined;
  /** Last change of a step's output, as JSON text, before it travels. */
  readonly sealOutput?: ((text: string) => string) | undefined;
  /** The same of the function's result. */
  readonly sealResult?: ((text: string) => string) | undefined;
  /** The same of what is deferred, as data. */
  readonly sealData?: ((data: unknown) => unknown) | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** `step` to discover, else the hash of the step to run. */
  readonly stepId: string;
  /** Report new steps, don't run them. */
  readonly isPlanning: boolean;
  readonly checkpoint: CheckpointSettings | undefined;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Runs a step's code, where spans are traced. */
  readonly runStepCode?: (step: TracedStep, code: () => unknown) => Promise<unknown>;
};

/** After this long without a step, results are saved although no step begins (I4). In milliseconds; small against any I/O of the function. */
const IDLE_MS = 5;
/** How long a step that the server asked for may take to be reached, in milliseconds. */
const TARGET_MS = 10_000;
/** Steps named in the report that the wanted one is missing. */
const FOUND_STEPS_SHOWN = 25;

export class Execution {
  private readonly input: ExecutionInput;
  private readonly memos: MemoLedger<FoundStep>;
  private readonly checkpointer: Checkpointer | undefined;
  private readonly deferrals: Deferrals;
  private readonly target: string | undefined;
  private readonly startedAt: number;
  private readonly ids = new StepIds();
  private readonly alarms: Alarms;
  /** Reached, without a result, not run in this call. In the order of their discovery. */
  private fresh: FoundStep[] = [];
  private readonly found: FoundStep[] = [];
  private isDrainRequested = false;
  /** A step's code is running, or results are being saved before one. */
  private isBusy = false;
  private hasWarned = false;
  private hasNewWork = false;
  /** Steps whose code has succeeded in this call. */
  private done = 0;
  private abort: AbortController | undefined;
  private outcome: Outcome | undefined;
  private decide!: (outcome: Outcome) => void;
  private readonly decided: Promise<Outcome>;

  constructor(input: ExecutionInput) {
    this.input = input;
    this.memos = new MemoLedger(input.steps, input.stack);
    this.checkpointer = input.checkpoint === undefined ? undefined : new Checkpointer(input.checkpoint.save);
    this.target = input.stepId === DISCOVERY_STEP_ID ? undefined : input.stepId;
    this.deferrals = new Deferrals(
      input.defers ?? {},
      gatedLogger(input.logger, () => !this.isReplaying),
      input.sealData,
    );
    this.alarms = new Alarms(input.runtime);
    this.startedAt = input.runtime.elapsed();
    this.decided = new Promise((resolve) => {
      this.decide = resolve;
    });
  }

  /** Calls the function once and resolves to what is to be answered. Never rejects. */
  run(handler: () => unknown): Promise<Outcome> {
    const finished = new Promise((resolve) => resolve(handler()));
    finished.then(
      (value) => this.onReturn(value),
      (error: unknown) => this.onThrow(error),
    );
    if (this.target !== undefined) this.alarms.set("target", TARGET_MS, () => this.closeAsMissing());
    return this.decided;
  }

  /** Aborts when the run was given to another call. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    return this.abort.signal;
  }

  /** True while nothing new has happened: everything so far is a repetition of earlier calls. */
  get isReplaying(): boolean {
    return !this.hasNewWork && !this.memos.isExhausted;
  }

  /** Steps whose results the function has been given, in earlier calls or this one. */
  get finishedSteps(): number {
    return this.memos.givenCount + this.done;
  }

  /** A step tool was called. */
  find(request: StepRequest): Promise<unknown> {
    const outer = enclosingStep(this);
    if (outer !== undefined) throw new NestedStepError(outer.stepId, request.id);
    const identity = this.ids.claim(request.id);
    const step = new FoundStep(request, identity, this.memos.lookup(identity.hash));
    if (this.outcome !== undefined) return step.promise;
    this.found.push(step);
    if (step.isFinished) this.memos.await(step);
    else this.fresh.push(step);
    this.requestDrain();
    return step.promise;
  }

  /** Notes a function to be started when the run has ended. */
  defer(id: unknown, input: unknown): DeferHandle {
    return this.deferrals.add(id, input);
  }

  private requestDrain(): void {
    if (this.isDrainRequested || this.outcome !== undefined) return;
    this.isDrainRequested = true;
    afterMicrotasks(() => {
      this.isDrainRequested = false;
      this.advance();
    });
  }

  /** The function waits for something. Gives back a result, or turns to what is new (keeps I2). */
  private advance(): void {
    if (this.outcome !== undefined) return;
    this.alarms.clear("idle");
    const wanted = this.target === undefined ? undefined : this.fresh.find((step) => step.hash === this.target);
    if (wanted !== undefined) {
      if (!this.isBusy) void this.runTarget(wanted);
      return;
    }
    const next = this.memos.next();
    if (next !== undefined) {
      if (next.hash === this.target) return this.closeWithStored(next);
      next.settleFromMemo();
      this.requestDrain();
    } else if (!this.isBusy && this.target === undefined) {
      if (this.fresh.length > 0) void this.onNewSteps(this.fresh);
      else this.startIdleTimer();
    }
  }

  private async onNewSteps(batch: readonly FoundStep[]): Promise<void> {
    this.hasNewWork = true;
    this.warnOfDrift();
    const only = batch.length === 1 ? batch[0] : undefined;
    if (only?.request.run === undefined || this.input.isPlanning) return this.report(batch);
    if (this.isOutOfTime()) return this.checkpointer?.size === 1 ? this.close({ kind: "ops", ops: this.unsaved() }) : this.report(batch);
    this.isBusy = true;
    if ((this.checkpointer?.size ?? 0) >= (this.input.checkpoint?.bufferedSteps ?? 1) && !(await this.flush())) return;
    await this.runStep(only);
    this.isBusy = false;
  }

  private async runTarget(step: FoundStep): Promise<void> {
    this.hasNewWork = true;
    this.alarms.clear("target");
    this.isBusy = true;
    if (step.request.run === undefined) this.close({ kind: "ops", ops: [requestText(step)] });
    else await this.runStep(step);
  }

  private async runStep(step: FoundStep): Promise<void> {
    const { runtime, runStepCode } = this.input;
    const { hash, index, request } = step;
    const at = runtime.now();
    const start = runtime.elapsed();
    const code = (): unknown => runInsideStep({ owner: this, stepId: request.id, hash }, () => request.run?.(...(step.input ?? [])));
    try {
      const value = await (runStepCode === undefined ? code() : runStepCode({ id: request.id, index, hash }, code));
      const text = jsonText(value, `The result of step "${request.id}"`);
      this.onStepDone(step, { value, text, op: doneText(step, this.sealed(text), { at, ms: runtime.elapsed() - start }) });
    } catch (error) {
      await this.onStepFailed(step, error, { at, ms: runtime.elapsed() - start });
    }
  }

  private onStepDone(step: FoundStep, result: { readonly value: unknown; readonly text: string; readonly op: string }): void {
    if (this.outcome !== undefined) return;
    // On a later attempt the result is returned, so that the server counts attempts anew.
    if (this.checkpointer === undefined || this.target !== undefined || this.input.attempt > 0) {
      return this.close({ kind: "ops", ops: [...this.unsaved(), result.op] });
    }
    this.checkpointer.add(result.op);
    this.done += 1;
    this.startIntervalTimer();
    this.fresh = this.fresh.filter((other) => other !== step);
    step.resolve(afterRoundTrip(result.value, result.text));
    this.requestDrain();
  }

  private async onStepFailed(step: FoundStep, thrown: unknown, timing: Timing): Promise<void> {
    if (!(await this.flush())) return;
    const { attemptsMax = this.input.maxAttempts } = step.request;
    const isFinal = isNonRetriable(thrown) || this.input.attempt + 1 >= attemptsMax;
    const op = failedText(step, { error: serializeError(thrown), isFinal }, timing);
    this.close({ kind: "ops", ops: [op], noRetry: isFinal, retryAfter: isFinal ? undefined : retryAfterOf(thrown) });
  }

  private async report(batch: readonly FoundStep[]): Promise<void> {
    this.isBusy = true;
    if (await this.flush()) this.close({ kind: "ops", ops: batch.map(requestText) });
  }

  private async onReturn(value: unknown): Promise<void> {
    if (this.outcome !== undefined) return;
    if (this.target !== undefined) return this.onEndWithoutTarget();
    try {
      const text = this.sealedResult(jsonText(value, "The function's result"));
      if (this.checkpointer === undefined) {
        const deferred = this.deferrals.take();
        return this.close(deferred.length === 0 ? { kind: "complete", text } : { kind: "ops", ops: [...deferred, completeText(text)] });
      }
      if (this.checkpointer.size > 0 && (await this.checkpointer.settled()) === "stale") return this.closeAsStale();
      this.close({ kind: "ops", ops: [...this.unsaved(), completeText(text)] });
    } catch (error) {
      await this.onThrow(error);
    }
  }

  private async onThrow(error: unknown): Promise<void> {
    if (this.outcome !== undefined) return;
    if (this.target !== undefined) return this.onEndWithoutTarget();
    if (!(await this.flush()) || !(await this.saveDeferred())) return;
    const noRetry = isNonRetriable(error) || StepError.is(error);
    this.close({ kind: "error", error: serializeError(error), noRetry, retryAfter: noRetry ? undefined : retryAfterOf(error) });
  }

  /** The function ended. The loser of a race may still be the step that is wanted; it is run all the same. */
  private onEndWithoutTarget(): void {
    if (this.fresh.some((step) => step.hash === this.target)) this.requestDrain();
    else if (!this.isBusy) this.closeAsMissing();
  }

  /** Saves what isn't saved. False when that decided the outcome. */
  private async flush(): Promise<boolean> {
    if (this.checkpointer !== undefined && this.checkpointer.size > 0) this.checkpointer.add(...this.deferrals.take());
    const result = await (this.checkpointer?.flush() ?? "saved");
    if (this.outcome !== undefined) return false;
    if (result === "saved") return true;
    if (result === "stale") this.closeAsStale();
    else this.close({ kind: "ops", ops: this.unsaved() });
    return false;
  }

  /** The answer will be an error, which carries no ops (keeps I6). False when that decided the outcome. */
  private async saveDeferred(): Promise<boolean> {
    const ops = this.deferrals.take();
    if (ops.length === 0) return true;
    const result = await (this.input.save?.(ops) ?? "failed");
    if (this.outcome !== undefined) return false;
    if (result === "stale") this.closeAsStale();
    else if (result === "failed") this.input.logger.warn(`What the function deferred before it failed could not be saved.`);
    return result !== "stale";
  }

  private sealed(text: string): string {
    return this.input.sealOutput?.(text) ?? text;
  }

  private sealedResult(text: string): string {
    return this.input.sealResult?.(text) ?? text;
  }

  private unsaved(): readonly string[] {
    return this.checkpointer?.ops.slice() ?? [];
  }

  private isOutOfTime(): boolean {
    const limit = this.input.checkpoint?.maxRuntimeMs ?? 0;
    return limit > 0 && this.input.runtime.elapsed() - this.startedAt >= limit;
  }

  /** Keeps I4. With a larger buffer the user has chosen to wait, within `maxInterval`. */
  private startIdleTimer(): void {
    if (this.checkpointer === undefined || this.checkpointer.size === 0 || this.input.checkpoint?.bufferedSteps !== 1) return;
    this.alarms.set("idle", IDLE_MS, () => void this.flush());
  }

  private startIntervalTimer(): void {
    const interval = this.input.checkpoint?.maxIntervalMs ?? 0;
    if (interval > 0) this.alarms.set("interval", interval, () => void this.flush());
  }

  private closeAsStale(): void {
    const message = "Another call of the server owns this run now; this one stops.";
    this.close({ kind: "error", error: serializeError({ name: "StaleDispatchError", message }), noRetry: true });
    this.abort ??= new AbortController();
    this.abort.abort(new Error(message));
  }

  private closeAsMissing(): void {
    const found = this.found
      .slice(0, FOUND_STEPS_SHOWN)
      .map(({ hash, request }) => ({ id: hash, name: request.name, displayName: request.displayName }));
    this.close({ kind: "missing", requestedStep: this.target ?? "", foundSteps: found, totalFoundSteps: this.found.length });
  }

  /** The server asked for a step whose result it has already, as the state that it sent shows: the result is reported again. */
  private closeWithStored(step: FoundStep): void {
    const timing = { at: this.input.runtime.now(), ms: 0 };
    const { memo } = step;
    if (memo?.kind === "error")
      this.close({ kind: "ops", ops: [failedText(step, { error: memo.error, isFinal: true }, timing)], noRetry: true });
    else
      this.close({
        kind: "ops",
        ops: [doneText(step, this.sealed(JSON.stringify(memo?.kind === "data" ? (memo.value ?? null) : null)), timing)],
      });
  }

  /** Stored results before the one that is new have not been asked for: the code was changed, or its order isn't determined. */
  private warnOfDrift(): void {
    if (this.hasWarned || this.memos.isExhausted) return;
    const missing = this.memos.unreached().length;
    if (missing === 0) return;
    this.hasWarned = true;
    this.input.logger.warn(
      `Step "${this.fresh[0]?.request.id}" is new, but ${missing} step(s) that this run finished before have not been reached. ` +
        "Was the function changed while the run was in progress, or does its order depend on time, randomness or code outside of steps?",
    );
  }

  private close(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    // Keeps I6.
    this.outcome = outcome.kind === "ops" ? { ...outcome, ops: [...this.deferrals.take(), ...outcome.ops] } : outcome;
    this.alarms.clearAll();
    this.decide(this.outcome);
  }
}
