/**
 * L1: 5,000 events a second for a minute, in batches of 100, each of which starts a run of one step; what is refused is sent again.
 *
 * Counted: what was acknowledged, the largest memory of the server, and that every run ends.
 */
import { sendEvents } from "@pawl/conformance";
import { untilEnded } from "./ended.ts";
import { instant, pause, reached, type Scenario, untilQuiet, type World } from "./scenario.ts";

const PER_SECOND = 5_000;
const SECONDS = 60;
const BATCH = 100;
const TOTAL = PER_SECOND * SECONDS;
/** Senders at work at the same time; a new batch begins when its time has come, whether the ones before are acknowledged or not. */
const BETWEEN_MS = (1_000 / PER_SECOND) * BATCH;
const SAMPLE_MS = 500;

export const flood: Scenario = {
  id: "L1",
  title: `${PER_SECOND} events/s in batches of ${BATCH} for ${SECONDS} s, a run for each`,
  goals: { acknowledgedPerS: { atLeast: PER_SECOND * 0.98 }, serverRssMbMax: { atMost: 700 } },
  isFreshEach: true,
  warmUp: async (world) => {
    const done = reached(world.app, "one-step", 2_000);
    for (let from = 0; from < 2_000; from += BATCH) await sendEvents(world.server, batch(from));
    await done;
    await untilQuiet(world);
  },
  async measure(world) {
    const done = reached(world.app, "one-step", TOTAL);
    const watched = watchMemory(world);
    const startedAt = instant();
    const { refusals } = await sendAll(world);
    const acknowledgedMs = instant() - startedAt;
    await done;
    const allMs = (await untilEnded(world)) - startedAt;
    return {
      acknowledgedPerS: (TOTAL / acknowledgedMs) * 1_000,
      refusals,
      runsPerS: (TOTAL / allMs) * 1_000,
      serverRssMbMax: watched.stop(),
    };
  },
};

function batch(from: number): readonly { readonly name: string; readonly data: Readonly<Record<string, unknown>> }[] {
  return Array.from({ length: BATCH }, (_, n) => ({ name: "bench/one-step", data: { n: from + n } }));
}

async function sendAll({ server }: World): Promise<{ readonly refusals: number }> {
  let refusals = 0;
  const startedAt = performance.now();
  const pending: Promise<void>[] = [];
  for (let from = 0; from < TOTAL; from += BATCH) {
    const at = startedAt + (from / BATCH) * BETWEEN_MS;
    const wait = at - performance.now();
    if (wait > 1) await pause(wait);
    pending.push(
      (async () => {
        for (;;) {
          try {
            await sendEvents(server, batch(from));
            return;
          } catch {
            refusals += 1;
            await pause(1_000);
          }
        }
      })(),
    );
  }
  await Promise.all(pending);
  return { refusals };
}

function watchMemory({ server }: World): { readonly stop: () => number } {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, server.child.rssKb() / 1_024)), SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
