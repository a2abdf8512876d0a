/** S7: the start of the process to the first healthy answer, and what a server costs that has nothing to do. */
import { pause, type Scenario, untilQuiet } from "./scenario.ts";

const IDLE_MS = 5_000;

/** After the start, before what is idle is measured. */
const SETTLE_MS = 13_000;

export const coldStart: Scenario = {
  id: "S7",
  title: "cold start to healthy; idle with one app registered",
  goals: { healthyMs: { atMost: 500 }, idleRssMb: { atMost: 110 } },
  isFreshEach: true,
  warmUp: async () => {},
  async measure(world) {
    const { server } = world;
    await untilQuiet(world);
    await pause(SETTLE_MS);
    const before = server.child.cpuMs();
    await pause(IDLE_MS);
    return {
      healthyMs: server.healthyMs,
      idleRssMb: server.child.rssKb() / 1_024,
      idleCpuMsPerS: (server.child.cpuMs() - before) / (IDLE_MS / 1_000),
    };
  },
};
