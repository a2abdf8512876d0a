/**
 * For each event: resume what waits for it, cancel what it cancels, start what it triggers. Nothing else.
 *
 * I1  An event is marked as processed in the transaction that creates its runs. A crash before that repeats the event, and the repetition
 *     finds what was resumed already (engine/event/match-pause.ts, I2).
 * I2  An event whose processing fails is tried again, later and later, and is never dropped while it is stored.
 * I3  Events come here before they are durable. Whatever one causes, in any run, is guarded by its row: an event whose commit fails has
 *     caused nothing.
 * I4  It is tried again only once it is known to be stored. While the store refuses commits, every repeated decision makes its events
 *     anew; would each of those be tried again, and cause others that are, they would multiply for as long as that lasts.
 * I5  Once the commit that stores it has failed, an event causes nothing more, not even in vain: what it decides makes events of its own,
 *     and the decision about those would come before it is known that this one has failed, without end.
 *
 * Spec: semantics 1.12, 2, 5.2, 7.1.
 */
import {
  type ApplyResult,
  decideCancel,
  type Decision,
  DEFERRED_SCHEDULE,
  decideResume,
  type EventRow,
  type EventTargets,
  type ExpressionEvent,
  FUNCTION_FINISHED,
  FUNCTION_INVOKED,
  type FunctionRow,
  invocationOf,
  matchesPause,
  mayMatchRun,
  pauseIdOf,
  type PauseRow,
  planEventTargets,
  SCHEDULED_TIMER,
  targetsOfEvent,
  unprocessed,
  valueAtPath,
} from "@pawl/engine";
import { IDEMPOTENCY_MS } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { faultDelayMs } from "./fault-delay.ts";
import type { FlowCommits, Planning } from "./flow-commits.ts";
import type { Registry } from "./registry.ts";
import type { Runs } from "./runs.ts";

/** Events read at once after a restart. */
const RECOVERY_PAGE = 500;

/** Times that the runs of an event are decided anew because a run with its id came first. */
const TRIES_MAX = 10;

const NO_DUPLICATES: ReadonlyMap<string, string> = new Map();

/** An event to process. */
type Arrival = {
  readonly event: EventRow;
  readonly parsed: ExpressionEvent;
  /** The commit that stores it; absent: it is stored. */
  readonly storing: Promise<ApplyResult> | undefined;
  /** The commit that stores it was refused, or was not answered: then it may be stored all the same. */
  loss?: "refused" | "unknown";
};

/** Ends the processing of an event that is not stored, as far as is known. */
class LostEvent extends Error {}

export type RunnerOptions = {
  readonly store: Pick<Store, "findPauses" | "history" | "runByIdempotencyKey" | "unprocessedEvents">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly runs: Runs;
  readonly flowCommits: FlowCommits;
};

export class Runner {
  readonly #options: RunnerOptions;
  readonly #inProgress = new Map<string, Promise<void>>();
  readonly #pending = { count: 0, bytes: 0 };
  #isStopped = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Events in memory that are not processed, and the bytes of their bodies. */
  get pending(): { readonly count: number; readonly bytes: number } {
    return this.#pending;
  }

  /** Takes up the events that a crash left unprocessed. */
  async start(): Promise<void> {
    let after: string | undefined;
    do {
      const events = await this.#options.store.unprocessedEvents({ limit: RECOVERY_PAGE, ...(after === undefined ? {} : { after }) });
      await Promise.all(events.map((event) => this.push(event)));
      after = events.length < RECOVERY_PAGE ? undefined : events.at(-1)?.id;
    } while (after !== undefined);
  }

  /** Waits for the events in progress. Later ones stay in the store. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#inProgress.values());
  }

  /**
   * Processes an event that is stored, or about to be. Resolves when it is processed, or put off after a failure. Never rejects.
   * A repeated request may come while the event of a first one, whose commit fails, is still being processed in vain: it gets its own turn.
   */
  push(event: EventRow, storing?: Promise<ApplyResult>, parsed?: ExpressionEvent): Promise<void> {
    this.#pending.count += 1;
    this.#pending.bytes += event.body.length;
    const arrival: Arrival = { event, storing, parsed: parsed ?? (JSON.parse(event.body) as ExpressionEvent) };
    storing?.then(
      ({ kind }) => {
        if (kind === "conflict") arrival.loss = "refused";
      },
      () => {
        arrival.loss = "unknown";
      },
    );
    return this.#begin(arrival, 0);
  }

  #begin(arrival: Arrival, faults: number): Promise<void> {
    const { event } = arrival;
    const known = this.#inProgress.get(event.id);
    if (this.#isStopped) return known ?? Promise.resolve();
    const process = (): Promise<void> => this.#processOrPutOff(arrival, faults);
    const work = (known === undefined ? process() : known.then(process)).finally(() => {
      if (this.#inProgress.get(event.id) === work) this.#inProgress.delete(event.id);
    });
    this.#inProgress.set(event.id, work);
    return work;
  }

  async #processOrPutOff(arrival: Arrival, faults: number): Promise<void> {
    const { event } = arrival;
    try {
      if (faults > 0 || arrival.loss === "unknown") await this.#confirm(arrival);
      await this.#process(arrival);
      this.#done(event);
    } catch (error) {
      if (error instanceof LostEvent) return arrival.loss === "refused" ? this.#done(event) : this.#processOrPutOff(arrival, faults);
      const delayMs = faultDelayMs(faults);
      this.#options.logger.error(
        { eventId: event.id, eventName: event.name, retryInMs: delayMs, error: String(error) },
        "processing an event failed",
      );
      this.#options.clock.setTimer(delayMs, () => void this.#begin(arrival, faults + 1));
    }
  }

  #done({ body }: EventRow): void {
    this.#pending.count -= 1;
    this.#pending.bytes -= body.length;
  }

  /** Finds out whether an event is in the store. What is not was refused. */
  async #confirm(arrival: Arrival): Promise<void> {
    const { event, storing } = arrival;
    try {
      await storing;
    } catch {
      if ((await this.#options.store.history.eventById(event.id)) === undefined) arrival.loss = "refused";
      else delete arrival.loss;
    }
  }

  async #process(arrival: Arrival): Promise<void> {
    const { event, parsed } = arrival;
    assertNotLost(arrival);
    const pauses = await this.#options.store.findPauses({ eventName: event.name, valueAt: (path) => valueAtPath(parsed, path) });
    if (pauses.length > 0)
      await Promise.all(pauses.filter((pause) => matchesPause(pause, { event, parsed })).map((pause) => this.#wake(pause, arrival)));
    if (event.name === FUNCTION_FINISHED) await this.#resumeInvoker(arrival);
    await this.#startRuns(arrival);
  }

  async #wake(pause: PauseRow, arrival: Arrival): Promise<void> {
    const { event } = arrival;
    await this.#options.runs.decide(pause.runId, (state, env) => {
      assertNotLost(arrival);
      if (!mayMatchRun(state, { pause, event })) return undefined;
      const reason = `Cancelled by event ${event.name} (${event.id}).`;
      const resumption = { kind: "event", eventId: event.id, body: event.body } as const;
      return causedBy(
        event,
        pause.kind === "cancel" ? decideCancel(state, { reason, pauseId: pause.id }, env) : decideResume(state, { pause, resumption }, env),
      );
    });
  }

  /**
   * The wait is looked for in the run's state and not in the store: where the invoked function does not exist, its end is told by the
   * commit after the one that stores the wait, and handled before either is durable.
   */
  async #resumeInvoker(arrival: Arrival): Promise<void> {
    const { event, parsed } = arrival;
    const finished = (parsed.data ?? {}) as Readonly<Record<string, unknown>>;
    const correlationId = finished["correlation_id"];
    if (typeof correlationId !== "string") return;
    const [runId = "", stepId = ""] = correlationId.split(".");
    const pause = { id: pauseIdOf(runId, stepId), stepId };
    await this.#options.runs.decide(runId, (state, env) => {
      assertNotLost(arrival);
      if (state.steps.get(stepId)?.kind !== "invoke") return undefined;
      return causedBy(event, decideResume(state, { pause, resumption: { kind: "invoke", finished } }, env));
    });
  }

  async #startRuns(arrival: Arrival): Promise<void> {
    const { event, parsed } = arrival;
    const { registry, clock, flowCommits } = this.#options;
    const named = this.#namedBy(event, parsed);
    const candidates = registry.triggeredBy(event.name);
    const input = { event, parsed, candidates, ...(named === undefined ? {} : { named }) };
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const targets = targetsOfEvent(input, clock.now());
      const planning = (duplicates: ReadonlyMap<string, string>): Planning => ({
        cellKeys: targets.cellKeys,
        plan: (plan) => {
          assertNotLost(arrival);
          planEventTargets(plan, targets, { duplicates });
          return true;
        },
      });
      const isKeyed = event.externalId !== event.id && targets.targets.length > 0;
      const decided = await flowCommits.decide([unprocessed(event.id)], () =>
        isKeyed ? this.#duplicates(event, targets).then(planning) : planning(NO_DUPLICATES),
      );
      if (decided.kind === "committed" || decided.guard.kind === "event-unprocessed") return;
    }
    throw new Error(`The runs of event ${event.id} lost against others ${TRIES_MAX} times.`);
  }

  /** The function that an invocation, a tick of a schedule or a deferral names. */
  #namedBy(event: EventRow, parsed: ExpressionEvent): FunctionRow | undefined {
    if (event.name === DEFERRED_SCHEDULE) return this.#options.registry.invocable(deferredSlugOf(parsed));
    if (event.name !== FUNCTION_INVOKED && event.name !== SCHEDULED_TIMER) return undefined;
    return this.#options.registry.invocable(invocationOf(parsed).target ?? "");
  }

  /** Runs that an event with this id has started before, by function. Only ids that senders gave can repeat. */
  async #duplicates(event: EventRow, { targets }: EventTargets): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    const since = this.#options.clock.now() - IDEMPOTENCY_MS;
    for (const { function: row } of targets) {
      const runId = await this.#options.store.runByIdempotencyKey({ functionId: row.id, key: event.externalId, since });
      if (runId !== undefined) found.set(row.id, runId);
    }
    return found;
  }
}

function deferredSlugOf(parsed: ExpressionEvent): string {
  const data = parsed.data as { readonly _inngest?: { readonly fn_slug?: unknown } } | undefined;
  const slug = data?._inngest?.fn_slug;
  return typeof slug === "string" ? slug : "";
}

/** Keeps I5: at the last moment before a decision is committed. Throws a `LostEvent`. */
function assertNotLost({ event, loss }: Arrival): void {
  if (loss !== undefined) throw new LostEvent(`The commit of event ${event.id} failed.`);
}

/** A decision that holds only if the event is stored (I3). Its runs are created last, so until then it is unprocessed. */
function causedBy({ id }: EventRow, decision: Decision | undefined): Decision | undefined {
  return decision && { ...decision, guards: [unprocessed(id), ...decision.guards] };
}
