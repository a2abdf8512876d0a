/**
 * What becomes of runs, as messages of kind `run` on the channel of the run's id, topic `$run`.
 *
 * `data`: `{status, output?, error?}`; `status` is RUNNING, then COMPLETED, FAILED or CANCELLED, each once.
 *
 * I1  Every commit comes by here: what nobody has subscribed to costs a look into a map, and a run's output is not copied for it.
 *
 * Spec: wire 10.1, 10.3; sdk 20 (run status of the hook).
 */
import type { RunRow } from "@pawl/engine";
import type { Engine } from "../core/engine.ts";
import type { LiveChange } from "../core/live.ts";
import { given } from "../json.ts";
import type { Realtime } from "./realtime.ts";
import { RUN_TOPIC, topicKey } from "./topic.ts";

type Fact = { readonly runId: string; readonly functionId: string; readonly data: () => string };

/** Publishes until the returned function is called. */
export function publishRuns(engine: Pick<Engine, "live" | "registry">, realtime: Realtime): () => void {
  return engine.live.watch((change) => {
    if (realtime.hub.subscriberCount === 0) return;
    for (const { runId, functionId, data } of factsOf(change)) {
      const topic = { channel: runId, name: RUN_TOPIC };
      if (!realtime.hub.hasSubscribers([topicKey(topic)])) continue;
      const functionSlug = engine.registry.functionById(functionId)?.slug;
      realtime.publish({ kind: "run", topic, data: data(), runId, functionId, ...given("functionSlug", functionSlug) });
    }
  });
}

function factsOf(change: LiveChange): readonly Fact[] {
  if (change.kind === "trace")
    return change.entries
      .filter((entry) => entry.kind === "run-started")
      .map(({ runId, functionId }) => ({ runId, functionId, data: () => '{"status":"RUNNING"}' }));
  if (change.kind !== "run" || change.run.endedAt === undefined) return [];
  const { run } = change;
  return [{ runId: run.id, functionId: run.functionId, data: () => endOf(run) }];
}

function endOf({ status, output, error }: RunRow): string {
  const parts = [
    `"status":${JSON.stringify(status)}`,
    ...(output === undefined ? [] : [`"output":${output}`]),
    ...(error === undefined ? [] : [`"error":${error}`]),
  ];
  return `{${parts.join(",")}}`;
}
