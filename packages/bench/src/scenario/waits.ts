/** S6: waits, each met by its own event among many. */
import { untilEnded } from "./ended.ts";
import { cpuFigures, instant, measureCpu, reached, type Scenario, untilQuiet } from "./scenario.ts";
import { sendMany } from "./send.ts";

const WAITS = 2_000;

/** Keys of one repetition differ from another's. */
let repetition = 0;

export const waits: Scenario = {
  id: "S6",
  title: `${WAITS} runs that wait for an event with their key, met by ${WAITS} events`,
  goals: { matchedPerS: { atLeast: 700 } },
  isFreshEach: false,
  async measure(world) {
    const round = repetition++;
    const waiting = reached(world.app, "waiting", WAITS);
    await sendMany(world, { count: WAITS, event: (n) => ({ name: "bench/waiter", data: { key: `${round}-${n}` } }) });
    await waiting;
    await untilQuiet(world);
    const { result, cpu } = await measureCpu(world, async () => {
      const matched = reached(world.app, "matched", WAITS);
      const startedAt = instant();
      await sendMany(world, { count: WAITS, event: (n) => ({ name: "bench/answer", data: { key: `${round}-${n}` } }) });
      await matched;
      return (await untilEnded(world)) - startedAt;
    });
    return { matchedPerS: (WAITS / result) * 1_000, ...cpuFigures(cpu, { count: WAITS, per: "Match" }) };
  },
};
