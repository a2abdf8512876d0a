/**
 * The way of an app's own requests to whichever node is up: checkpoints, what its endpoints report, and the states that it fetches.
 *
 * I1  A request that fails is made again a few times, as SDKs do; one that was answered may arrive once more, late.
 */
import { stepsByFinishText } from "@pawl/engine";
import type { WireOp } from "@pawl/protocol";
import type { Engine } from "@pawl/server";
import type { Checkpoint, CheckpointAnswer, FetchedState } from "../app/fake-app.ts";
import type { EndpointRequest, ReportAnswer } from "../app/fake-endpoint.ts";
import type { Watch } from "../check/watch.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const ANSWER_MS_MAX = 10_000;
const TRIES_MAX = 3;

/** Where the endpoints are. */
const ENDPOINTS_DOMAIN = "http://endpoints.invalid";

export type AppApiOptions = {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly cluster: () => Cluster;
  readonly watch: Watch;
  /** Of checkpoints. */
  readonly random: SeededRandom;
  /** Of endpoints. */
  readonly endpointRandom: SeededRandom;
  readonly isFaulty: () => boolean;
};

type Outcome = { readonly kind: ReportAnswer; readonly code?: string };

export class AppApi {
  readonly #options: AppApiOptions;

  constructor(options: AppApiOptions) {
    this.#options = options;
  }

  /** Saves steps of a call. */
  async checkpoint(request: Checkpoint): Promise<CheckpointAnswer> {
    const { clock, random, scenario, isFaulty } = this.#options;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await this.#tryCheckpoint(request);
      const isRepeated = isFaulty() && random.chance(scenario.app.repeatCheckpoint);
      if (isRepeated) clock.setTimer(random.integer(ANSWER_MS_MAX), () => void this.#tryCheckpoint(request));
      if (answer !== "failed") return answer;
      await clock.sleep(100);
    }
    return "failed";
  }

  async #tryCheckpoint({ runId, itemId, generation, ops }: Checkpoint): Promise<CheckpointAnswer> {
    const { watch } = this.#options;
    const { engine } = this.#options.cluster();
    if (engine === undefined) return "failed";
    const answer = await this.#answered(engine.checkpoint({ runId, itemId, ops, ...(generation === undefined ? {} : { generation }) }));
    if (answer?.kind === "refused") watch.report("world", `a checkpoint of run ${runId} was refused`);
    return answer?.kind === "saved" || answer?.kind === "stale" ? answer.kind : "failed";
  }

  /** Says that an endpoint has begun a run. */
  start(request: EndpointRequest, ops: readonly WireOp[]): Promise<ReportAnswer> {
    const { runId, key } = request;
    const report = { runId, slug: request.program.slug, ops, ...(key === undefined ? {} : { key }) };
    return this.#repeating(report, (engine) => this.#tryStart(engine, { request, ops }));
  }

  /** Says what an endpoint has done. */
  report(runId: string, ops: readonly WireOp[]): Promise<ReportAnswer> {
    return this.#repeating({ runId, ops }, (engine) => reported(engine, runId, ops));
  }

  /** What a run remembers. */
  async fetchState(call: { readonly runId: string; readonly itemId: string; readonly generation: number }): Promise<FetchedState> {
    const { engine } = this.#options.cluster();
    const state = engine === undefined ? "failed" : await engine.state(call.runId).catch(() => "failed" as const);
    if (state === "failed") return state;
    if (state === undefined || state.run.endedAt !== undefined) return "gone";
    const steps = JSON.parse(stepsByFinishText(state)) as Readonly<Record<string, unknown>>;
    this.#options.watch.fetched({ ...call, steps });
    return { steps, stack: Object.keys(steps) };
  }

  async #repeating(
    report: { readonly runId: string; readonly slug?: string; readonly key?: string; readonly ops: readonly WireOp[] },
    send: (engine: Engine) => Promise<Outcome>,
  ): Promise<ReportAnswer> {
    const { clock, endpointRandom: random, scenario, isFaulty, watch } = this.#options;
    const once = async (isRepeated: boolean): Promise<ReportAnswer> => {
      const { engine } = this.#options.cluster();
      const outcome = engine === undefined ? undefined : await this.#answered(send(engine));
      if (outcome !== undefined) watch.reported({ ...report, answer: outcome.kind, code: outcome.code ?? "", isRepeated });
      return outcome?.kind ?? "failed";
    };
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await once(tries > 0);
      const isRepeated = isFaulty() && random.chance(scenario.app.repeatCheckpoint);
      if (isRepeated) clock.setTimer(random.integer(ANSWER_MS_MAX), () => void once(true));
      if (answer !== "failed") return answer;
      await clock.sleep(100);
    }
    return "failed";
  }

  async #tryStart(
    engine: Engine,
    { request, ops }: { readonly request: EndpointRequest; readonly ops: readonly WireOp[] },
  ): Promise<Outcome> {
    const { program, runId, payload, key } = request;
    const path = `/${program.slug}`;
    const started = await engine.syncRuns.start({
      runId,
      domain: ENDPOINTS_DOMAIN,
      url: `${ENDPOINTS_DOMAIN}${path}`,
      slug: program.slug,
      sdk: "js:v4.24.0",
      requestVersion: program.requestVersion,
      attemptsMax: program.attemptsMax,
      event: { data: { domain: ENDPOINTS_DOMAIN, method: "POST", path, body: JSON.stringify(payload), ...payload } },
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    if (started.kind !== "started") return { kind: "refused", code: started.kind };
    return ops.length === 0 ? { kind: "saved" } : reported(engine, runId, ops);
  }

  /** The answer to a request; undefined where it failed or did not come in time. */
  #answered<T>(request: Promise<T>): Promise<T | undefined> {
    const failed = request.catch(() => undefined);
    return Promise.race([failed, this.#options.clock.sleep(ANSWER_MS_MAX).then(() => undefined)]);
  }
}

async function reported(engine: Engine, runId: string, ops: readonly WireOp[]): Promise<Outcome> {
  const result = await engine.syncRuns.report(runId, ops);
  if (result.kind === "saved") return { kind: "saved" };
  return { kind: "refused", code: result.kind === "refused" ? result.code : result.kind };
}
