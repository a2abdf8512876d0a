/**
 * F2: fairness: how long a run takes to its first line while a neighbour has 100,000 runs in the queue, against an idle server.
 *
 * The neighbour's calls take 20 ms each, five at a time, so that the queue stays full and the machine is not.
 */
import { sendEvents } from "@pawl/conformance";
import { percentile } from "../report/statistics.ts";
import { instant, pause, type Scenario, untilQuiet, type World } from "./scenario.ts";
import { sendMany } from "./send.ts";

const NEIGHBOUR_RUNS = 100_000;
const SAMPLES = 100;
const BETWEEN_MS = 20;
/** After the last event is acknowledged, before the first sample: the queue's windows fill up. */
const SETTLE_MS = 3_000;

export const fairness: Scenario = {
  id: "F2",
  title: `first line of a run beside ${NEIGHBOUR_RUNS} queued runs: of another function, and of another key of the same function`,
  goals: { otherFunctionMsP50: { atMost: 10 }, otherKeyMsP50: { atMost: 10 } },
  isFreshEach: true,
  warmUp: async (world) => {
    await samplesOf(world, "bench/latency");
    await samplesOf(world, "bench/crowd");
    await untilQuiet(world);
  },
  async measure(world) {
    const idle = await samplesOf(world, "bench/latency");
    await sendMany(world, { count: NEIGHBOUR_RUNS, event: (n) => ({ name: "bench/crowd", data: { tenant: "big", n: -1 - n } }) });
    await pause(SETTLE_MS);
    const otherFunction = await samplesOf(world, "bench/latency");
    const otherKey = await samplesOf(world, "bench/crowd");
    return {
      idleMsP50: percentile(idle, 0.5),
      otherFunctionMsP50: percentile(otherFunction, 0.5),
      otherFunctionMsP95: percentile(otherFunction, 0.95),
      otherKeyMsP50: percentile(otherKey, 0.5),
      otherKeyMsP95: percentile(otherKey, 0.95),
    };
  },
};

let next = 0;

async function samplesOf({ server, app }: World, name: string): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const n = next++;
    const started = app.report("waiting for a function to start", ({ kind, n: of }) => kind === "latency" && of === n);
    const done = app.report("waiting for a run", ({ kind, n: of }) => kind === "latency-done" && of === n);
    await sendEvents(server, [{ name, data: { n, tenant: "small", sentAt: instant() } }]);
    samples.push(Number((await started)["ms"]));
    await done;
    app.reports.length = 0;
    await pause(BETWEEN_MS);
  }
  return samples;
}
