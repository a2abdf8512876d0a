/** `npm run sim -- --seed N --runs M`: simulates seeds, prints what breaks and the command that breaks it again. */
import { parseArgs } from "node:util";
import { runSeed, type SimulationResult } from "./simulate.ts";
import { WORLD_KINDS } from "./world/scenario.ts";

const USAGE = `npm run sim -- [--seed N] [--runs M] [--kind K] [--trace]

  --seed N   the first seed; default 1
  --runs M   how many seeds from there; default 1
  --kind K   what a world has: plain (events and steps), flow (flow control, schedules, pauses, reruns too), full (all); default full
  --trace    print everything that happens
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      runs: { type: "string", default: "1" },
      kind: { type: "string", default: "full" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  const runs = Number(values.runs);
  const kind = WORLD_KINDS.find((known) => known === values.kind);
  if (values.help || kind === undefined || !Number.isSafeInteger(seed) || !Number.isSafeInteger(runs)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const begin = performance.now();
  let failed = 0;
  for (let index = 0; index < runs; index++) {
    const result = await runSeed(seed + index, { trace: values.trace ? "kept" : runs === 1 ? "hashed" : "off", kind });
    for (const line of result.trace) process.stdout.write(line);
    if (runs === 1) process.stdout.write(`${describe(result)}\n`);
    if (result.violations.length === 0) continue;
    failed += 1;
    process.stdout.write(describeFailure(result, kind === "full" ? "" : ` --kind ${kind}`));
  }
  const seconds = (performance.now() - begin) / 1_000;
  process.stdout.write(`${runs} seeds from ${seed}, ${failed} failed, ${seconds.toFixed(1)} s\n`);
  return failed === 0 ? 0 : 1;
}

function describe({ seed, scenario, runs, timers, starts, virtualMs, hash }: SimulationResult): string {
  const figures = `${runs} runs, ${timers} timers, ${starts} starts of the node, ${Math.round(virtualMs / 1_000)} s of virtual time`;
  return `seed ${seed}: ${figures}, trace ${hash}\n${JSON.stringify(scenario)}`;
}

function describeFailure({ seed, violations }: SimulationResult, kind: string): string {
  const lines = violations.map(({ checker, at, message }) => `  ${checker} at ${at}: ${message}\n`).join("");
  return `seed ${seed} fails:\n${lines}  repeat: npm run sim -- --seed ${seed}${kind} --trace\n`;
}
