/** F1: flow control: as many runs as S1's kind, held to one call at a time for each of 1,000 keys. */
import { untilEnded } from "./ended.ts";
import { cpuFigures, instant, measureCpu, reached, type Scenario } from "./scenario.ts";
import { sendMany } from "./send.ts";

const RUNS = 5_000;
const KEYS = 1_000;

export const keyed: Scenario = {
  id: "F1",
  title: `${RUNS} runs of one step, ${KEYS} keys with concurrency 1`,
  goals: { runsPerS: { atLeast: 1_200 } },
  isFreshEach: false,
  async measure(world) {
    const { result, cpu } = await measureCpu(world, async () => {
      const done = reached(world.app, "keyed", RUNS);
      const startedAt = instant();
      await sendMany(world, { count: RUNS, event: (n) => ({ name: "bench/keyed", data: { key: n % KEYS } }) });
      await done;
      return (await untilEnded(world)) - startedAt;
    });
    return { runsPerS: (RUNS / result) * 1_000, ...cpuFigures(cpu, { count: RUNS, per: "Run" }) };
  },
};
