/** S3: how long an event takes to the first line of its function when nothing else goes on. */
import { sendEvents } from "@pawl/conformance";
import { percentile } from "../report/statistics.ts";
import { cpuFigures, instant, measureCpu, pause, type Scenario, type World } from "./scenario.ts";

const RUNS = 200;

/** Between the end of one run and the next event. */
const IDLE_MS = 10;

export const latency: Scenario = {
  id: "S3",
  title: `${RUNS} single runs on an idle system: from sending the event to the function's first line`,
  goals: { startMsP50: { atMost: 3.5 } },
  isFreshEach: false,
  async measure(world) {
    const { result, cpu } = await measureCpu(world, () => samplesOf(world));
    return {
      startMsP50: percentile(result, 0.5),
      startMsP95: percentile(result, 0.95),
      startMsP99: percentile(result, 0.99),
      ...cpuFigures(cpu, { count: RUNS, per: "Run" }),
    };
  },
};

let next = 0;

async function samplesOf({ server, app }: World): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const n = next++;
    const started = app.report("waiting for a function to start", ({ kind, n: of }) => kind === "latency" && of === n);
    const done = app.report("waiting for a run", ({ kind, n: of }) => kind === "latency-done" && of === n);
    await sendEvents(server, [{ name: "bench/latency", data: { n, sentAt: instant() } }]);
    samples.push(Number((await started)["ms"]));
    await done;
    app.reports.length = 0;
    await pause(IDLE_MS);
  }
  return samples;
}
