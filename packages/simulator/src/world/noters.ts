/** Those who write metadata from outside: scores and the like. Each update is made once, and has a number of its own. */
import type { Mirror } from "../check/mirror.ts";
import type { Watch } from "../check/watch.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export const NOTE_KIND = "userland.note";

const ANSWER_MS_MAX = 10_000;
/** Of these, a run can take 17; some come at the same time. */
const LARGE_BYTES = 60_000;
const LARGE_COUNT = 20;

export type NotersOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly mirror: Mirror;
  readonly watch: Watch;
};

/** Sets up every update. */
export function beginNotes({ clock, random, scenario, cluster, mirror, watch }: NotersOptions): void {
  let number = 0;
  const note = async (runId: string, bytes: number): Promise<void> => {
    const { engine } = cluster;
    if (engine === undefined) return;
    const mine = ++number;
    const values = { number: mine, text: "x".repeat(bytes) };
    const adding = engine.notes.add(runId, [{ stepId: "", update: { kind: NOTE_KIND, op: "merge", values } }]);
    const outcome = await Promise.race([adding.catch(() => undefined), clock.sleep(ANSWER_MS_MAX).then(() => undefined)]);
    watch.noted({ runId, number: mine, bytes, outcome });
  };
  for (let index = 0; index < scenario.notes; index++) {
    const isLarge = random.chance(0.05);
    clock.setTimer(random.integer(scenario.faultyMs), () => {
      const runs = [...mirror.runs.keys()];
      if (runs.length === 0) return;
      const runId = random.pick(runs);
      for (let count = isLarge ? LARGE_COUNT : 1; count > 0; count--) void note(runId, isLarge ? LARGE_BYTES : random.integer(10));
    });
  }
}
