/** S1: many small runs at once. */
import { untilEnded } from "./ended.ts";
import { cpuFigures, instant, measureCpu, reached, type Scenario } from "./scenario.ts";
import { sendMany } from "./send.ts";

const RUNS = 2_000;

export const throughput: Scenario = {
  id: "S1",
  title: `${RUNS} runs of one step, from events sent in batches of 100`,
  goals: { runsPerS: { atLeast: 1_200 }, cpuMsPerRun: { atMost: 1 } },
  isFreshEach: false,
  async measure(world) {
    const { result, cpu } = await measureCpu(world, async () => {
      const done = reached(world.app, "one-step", RUNS);
      const startedAt = instant();
      await sendMany(world, { count: RUNS, event: (n) => ({ name: "bench/one-step", data: { n } }) });
      await done;
      return (await untilEnded(world)) - startedAt;
    });
    return { runsPerS: (RUNS / result) * 1_000, ...cpuFigures(cpu, { count: RUNS, per: "Run" }) };
  },
};
