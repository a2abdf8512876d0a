/** S5: what sleeping runs cost, and how late they wake. */
import { percentile } from "../report/statistics.ts";
import { cpuFigures, measureCpu, pause, reached, type Scenario, untilQuiet, type World } from "./scenario.ts";
import { sendMany } from "./send.ts";

const RUNS = 5_000;
const SLEEP_S = 30;

/** Before the first wakes; memory is read then. */
const READ_BEFORE_MS = 2_000;

/** Runs before the measured ones: the heap of a server that has worked is larger than that of a new one, and that is not the sleepers'. */
const WARM_UP_RUNS = 2_000;

/** The server gives memory back after 10 s without work. */
const SETTLE_MS = 13_000;

export const sleepers: Scenario = {
  id: "S5",
  title: `${RUNS} runs that sleep ${SLEEP_S} s`,
  goals: { serverKbPerRun: { atMost: 4 } },
  isFreshEach: true,
  async warmUp(world) {
    const done = reached(world.app, "one-step", WARM_UP_RUNS);
    await sendMany(world, { count: WARM_UP_RUNS, event: (n) => ({ name: "bench/one-step", data: { n } }) });
    await done;
    await untilQuiet(world);
    await pause(SETTLE_MS);
  },
  async measure(world) {
    const { result, cpu } = await measureCpu(world, () => sleepAll(world));
    return { ...result, ...cpuFigures(cpu, { count: RUNS, per: "Run" }) };
  },
};

async function sleepAll(world: World): Promise<Readonly<Record<string, number>>> {
  const { server, app } = world;
  const before = { server: server.child.rssKb(), reports: app.reports.length };
  const asleep = reached(app, "asleep", RUNS);
  const startedAt = performance.now();
  await sendMany(world, { count: RUNS, event: () => ({ name: "bench/sleeper", data: { seconds: SLEEP_S, total: RUNS } }) });
  await asleep;
  const asleepMs = performance.now() - startedAt;
  await pause(SLEEP_S * 1_000 - READ_BEFORE_MS - asleepMs);
  const rssKb = server.child.rssKb();
  const report = await app.report("waiting for the sleepers", ({ kind }) => kind === "awake", 180_000);
  const lags = report["lags"] as readonly number[];
  return {
    serverKbPerRun: (rssKb - before.server) / RUNS,
    serverRssMbBefore: before.server / 1_024,
    wakeLagMsP50: percentile(lags, 0.5),
    wakeLagMsP99: percentile(lags, 0.99),
    startedPerS: (RUNS / asleepMs) * 1_000,
  };
}
