/**
 * Runs that apps start themselves: durable endpoints.
 *
 * I1  What is answered as stored is durable. What is not stored is refused with the reason.
 * I2  A run id that is taken by a run of the same endpoint is answered with that run: the app repeats a request whose answer it lost.
 *
 * I3  An app has at most `ENDPOINTS_MAX` endpoints: paths that are not named, and may hold ids, don't make functions without end.
 *
 * No flow control applies: the work has begun when the server hears of it.
 *
 * Spec: wire 7.4, 7.5; semantics 12.5.
 */
import {
  type AppRow,
  decideSyncSteps,
  type EventRow,
  type ExpressionEvent,
  type FunctionDefinition,
  type FunctionRow,
  type RandomSource,
  startSyncRun,
  type SyncStepsDecision,
} from "@pawl/engine";
import { canonicalJson, IDEMPOTENCY_MS, type WireOp } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import { endpointIds } from "../app/uuid.ts";
import { given } from "../json.ts";
import type { Clock } from "../ports/clock.ts";
import type { Commits } from "./commits.ts";
import type { StoredRegistration } from "./registrations.ts";
import type { Registry } from "./registry.ts";
import type { Runs } from "./runs.ts";
import { signalHoldersOf } from "./signal-holders.ts";

/** Of one app; what more there is counts as one function. */
const ENDPOINTS_MAX = 500;
const OTHER_PATHS = "other paths";

/** A report is decided anew so often where others take its signals. */
const SIGNAL_TRIES_MAX = 10;

export const HTTP_REQUEST_EVENT = "inngest/http.request";

export type SyncStart = {
  readonly runId: string;
  /** `scheme://host`; also the app's name. */
  readonly domain: string;
  /** Of the endpoint. */
  readonly url: string;
  readonly slug: string;
  readonly sdk: string;
  readonly requestVersion: number;
  readonly attemptsMax: number;
  readonly idempotencyKey?: string;
  /** The description of the request. */
  readonly event: { readonly data: Readonly<Record<string, unknown>>; readonly id?: string; readonly ts?: number };
};

export type SyncStartResult =
  | { readonly kind: "started"; readonly appId: string; readonly functionId: string }
  /** By a run of another function. */
  | { readonly kind: "id-taken" }
  | { readonly kind: "key-taken" };

export type SyncStepsResult =
  | { readonly kind: "saved" }
  | { readonly kind: "no-run" }
  | { readonly kind: "stale" }
  | Extract<SyncStepsDecision, { kind: "refused" }>;

export type SyncRunsOptions = {
  readonly store: Pick<Store, "pauseBySignal">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly registry: Registry;
  readonly runs: Runs;
  readonly commits: Commits;
  readonly register: (build: () => StoredRegistration) => Promise<void>;
  /** Constant delay of retries, milliseconds. */
  readonly retryIntervalMs?: number;
};

export class SyncRuns {
  readonly #options: SyncRunsOptions;

  constructor(options: SyncRunsOptions) {
    this.#options = options;
  }

  /** Stores a run that an app has begun. */
  async start(request: SyncStart): Promise<SyncStartResult> {
    const { clock, random, runs, commits } = this.#options;
    const row = await this.#functionOf(request);
    const now = clock.now();
    const event = eventOf(request, { id: random.ulid(now), now });
    const { runId, idempotencyKey } = request;
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const parsed = JSON.parse(event.body) as ExpressionEvent;
    const input = { function: row, events: [event], parsed, runId, keySince: now - IDEMPOTENCY_MS, ...key };
    const { state, decision } = startSyncRun(input, { now, random });
    const result = await commits.commit(decision);
    if (result.kind === "conflict" && result.guard.kind === "idempotency-free") return { kind: "key-taken" };
    if (result.kind === "conflict") {
      const known = await runs.get(runId);
      if (known?.run.functionId !== row.id) return { kind: "id-taken" };
    } else runs.adopt(state);
    return { kind: "started", appId: row.appId, functionId: row.id };
  }

  /** Stores what an app reports about its run. `stale`: other runs take the signals that it waits for, again and again. */
  async report(runId: string, ops: readonly WireOp[]): Promise<SyncStepsResult> {
    for (let tries = 1; ; tries++) {
      const result = await this.#tryReport(runId, ops);
      // Another run has begun or ceased to wait for a signal meanwhile, so the report means something else.
      if (result.kind !== "stale" || tries === SIGNAL_TRIES_MAX) return result;
    }
  }

  async #tryReport(runId: string, ops: readonly WireOp[]): Promise<SyncStepsResult> {
    const { store, runs, retryIntervalMs } = this.#options;
    const signalHolders = await signalHoldersOf(store, ops);
    const input = {
      ops,
      ...(retryIntervalMs === undefined ? {} : { retryIntervalMs }),
      ...(signalHolders === undefined ? {} : { signalHolders }),
    };
    let refused: Extract<SyncStepsDecision, { kind: "refused" }> | undefined;
    const decided = await runs.decide(runId, (state, env) => {
      const result = decideSyncSteps(state, input, env);
      refused = result.kind === "refused" ? result : undefined;
      return result.kind === "save" ? result.decision : undefined;
    });
    if (refused !== undefined) return refused;
    return decided.kind === "no-run" || decided.kind === "stale" ? { kind: decided.kind } : { kind: "saved" };
  }

  /** The endpoint's function, stored where it is new or has changed. */
  async #functionOf(started: SyncStart): Promise<FunctionRow> {
    const { registry, clock, register } = this.#options;
    const request = this.#hasRoomFor(started) ? started : { ...started, slug: OTHER_PATHS };
    const { appId, functionId: id } = endpointIds(request);
    const app = registry.appById(appId);
    const known = registry.functionById(id);
    const isSame = known?.archivedAt === undefined && canonicalJson(known?.definition) === canonicalJson(definitionOf(request, known));
    if (known !== undefined && isSame && app !== undefined && app.archivedAt === undefined) return known;
    let row: FunctionRow | undefined;
    await register(() => {
      const now = clock.now();
      row = functionRow(request, { id, appId, known: registry.functionById(id), now });
      return { app: appRow(request, { appId, known: registry.appById(appId), now }), functions: [row] };
    });
    if (row === undefined) throw new Error(`The endpoint ${request.slug} was not registered.`);
    return row;
  }

  /** Keeps I3. */
  #hasRoomFor(request: SyncStart): boolean {
    const { registry } = this.#options;
    const { appId, functionId } = endpointIds(request);
    if (registry.functionById(functionId) !== undefined) return true;
    return registry.functions().filter((row) => row.appId === appId).length < ENDPOINTS_MAX;
  }
}

function functionRow(
  request: SyncStart,
  { id, appId, known, now }: { readonly id: string; readonly appId: string; readonly known: FunctionRow | undefined; readonly now: number },
): FunctionRow {
  const { slug, attemptsMax } = request;
  const definition = definitionOf(request, known);
  return {
    id,
    appId,
    slug,
    name: slug,
    version: (known?.version ?? 0) + 1,
    definition,
    config: canonicalJson({ id: slug, name: slug, url: definition.url, retries: attemptsMax - 1 }),
    createdAt: known?.createdAt ?? now,
    ...given("paused", known?.paused),
  };
}

/** The URL stays what it was first: requests go to the run's own. */
function definitionOf(request: SyncStart, known: FunctionRow | undefined): FunctionDefinition {
  return {
    slug: request.slug,
    name: request.slug,
    url: known?.definition.url ?? request.url,
    attemptsMax: request.attemptsMax,
    triggers: [],
    concurrency: { step: [] },
    cancelOn: [],
    timeouts: {},
    endpoint: { requestVersion: request.requestVersion },
  };
}

function appRow(
  { domain, sdk }: SyncStart,
  { appId, known, now }: { readonly appId: string; readonly known: AppRow | undefined; readonly now: number },
): AppRow {
  const createdAt = known?.createdAt ?? now;
  return { id: appId, name: domain, url: domain, sdk, framework: "", method: "api", checksum: "", createdAt, syncedAt: now };
}

function eventOf({ event }: SyncStart, { id, now }: { readonly id: string; readonly now: number }): EventRow {
  const { data, id: externalId = id, ts = now } = event;
  const body = canonicalJson({ data, id: externalId, name: HTTP_REQUEST_EVENT, ts, user: {} });
  return { id, externalId, name: HTTP_REQUEST_EVENT, ts, receivedAt: now, body, isInternal: true, isProcessed: false };
}
