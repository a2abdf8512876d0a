/** S2: steps one after the other; in one run, and in many at the same time. */
import { sendEvents } from "@pawl/conformance";
import { median, percentile } from "../report/statistics.ts";
import { untilEnded } from "./ended.ts";
import { cpuFigures, instant, measureCpu, reached, type Scenario, type World } from "./scenario.ts";

const STEPS = 200;
const RUNS_AT_ONCE = 50;
const STEPS_AT_ONCE = 20;

export const sequence: Scenario = {
  id: "S2",
  title: `one run of ${STEPS} steps in sequence; ${RUNS_AT_ONCE} runs of ${STEPS_AT_ONCE} at once`,
  goals: { stepMsP50: { atMost: 1.5 } },
  isFreshEach: false,
  async measure(world) {
    const single = await measureCpu(world, () => oneRun(world));
    const many = await measureCpu(world, () => manyRuns(world));
    return {
      stepMsP50: median(single.result),
      stepMsP99: percentile(single.result, 0.99),
      ...cpuFigures(single.cpu, { count: STEPS, per: "Step" }),
      atOnceStepsPerS: ((RUNS_AT_ONCE * STEPS_AT_ONCE) / many.result) * 1_000,
      ...cpuFigures(many.cpu, { count: RUNS_AT_ONCE * STEPS_AT_ONCE, per: "AtOnceStep" }),
    };
  },
};

/** Times from the start of one step's body to the next one's. */
async function oneRun({ server, app }: World): Promise<readonly number[]> {
  const before = app.reports.length;
  await sendEvents(server, [{ name: "bench/sequence", data: { steps: STEPS, isTimed: true } }]);
  const report = await app.report(
    "waiting for the sequence",
    (candidate) => candidate.kind === "sequence" && app.reports.indexOf(candidate) >= before,
  );
  const starts = report["starts"] as readonly number[];
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}

async function manyRuns(world: World): Promise<number> {
  const { server, app } = world;
  const done = reached(app, "sequence", RUNS_AT_ONCE);
  const startedAt = instant();
  const event = { name: "bench/sequence", data: { steps: STEPS_AT_ONCE, isTimed: false } };
  await sendEvents(
    server,
    Array.from({ length: RUNS_AT_ONCE }, () => event),
  );
  await done;
  return (await untilEnded(world)) - startedAt;
}
