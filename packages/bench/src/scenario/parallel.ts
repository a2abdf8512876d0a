/** S4: one run of many parallel steps. */
import { sendEvents } from "@pawl/conformance";
import { untilEnded } from "./ended.ts";
import { cpuFigures, instant, measureCpu, reached, type Scenario } from "./scenario.ts";

const STEPS = 100;

/**
 * Passes before the measured one: as many steps as in the warm-up of S1. One run of this kind is too short to have its code compiled; on a
 * server that has just started it takes 70 to 100 ms (2 shared cores, 2026-11-25).
 */
const WARM_UPS = 20;

export const parallel: Scenario = {
  id: "S4",
  title: `one run of ${STEPS} parallel steps: from sending the event to the stored end of the run`,
  goals: { runMs: { atMost: 60 } },
  isFreshEach: false,
  async warmUp(world) {
    for (let pass = 0; pass < WARM_UPS; pass++) await parallel.measure(world);
  },
  async measure(world) {
    const { result, cpu } = await measureCpu(world, async () => {
      const done = reached(world.app, "parallel", 1);
      const startedAt = instant();
      await sendEvents(world.server, [{ name: "bench/parallel", data: { steps: STEPS } }]);
      await done;
      return (await untilEnded(world)) - startedAt;
    });
    return { runMs: result, ...cpuFigures(cpu, { count: STEPS, per: "Step" }) };
  },
};
