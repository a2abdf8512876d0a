/**
 * `npm run bench`: figures of the server as users run it, one JSON line for each scenario and client.
 *
 * What is measured: the CLI's process and an app's process on Node's http, over HTTP on the loopback interface, on this machine, with
 * whatever else it does. What is not: networks, disks that are slow to sync, many apps, large payloads.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientName, installClient } from "@pawl/conformance";
import { type Options, readOptions, USAGE } from "./options.ts";
import { profileTable, readProfile } from "./report/profile.ts";
import { type Result, resultOf } from "./report/result.ts";
import { expectNoFailure } from "./scenario/ended.ts";
import type { Figures, LoneScenario, Scenario } from "./scenario/scenario.ts";
import { inWorld, type WorldSetup } from "./world.ts";

const ROOT = join(import.meta.dirname, "../../..");
const RESULTS = join(import.meta.dirname, "../results");
const PROFILE_ROWS = 25;

/** Load average of the last minute above which figures are not to be trusted. */
const LOAD_MAX = 0.5;

const args = process.argv.slice(2);
process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.code === "built") build();
  for (const client of options.clients) if (client !== "pawl") await installClient(client);
  mkdirSync(RESULTS, { recursive: true });
  warnIfBusy();
  let hasMissed = false;
  for (const scenario of options.scenarios) {
    for (const client of "measureAlone" in scenario ? options.clients.slice(0, 1) : options.clients) {
      const result = await runScenario(scenario, { client, options });
      hasMissed ||= Object.values(result.figures).some(({ isMet }) => isMet === false);
      const line = `${JSON.stringify(result)}\n`;
      process.stdout.write(line);
      appendFileSync(join(RESULTS, "results.jsonl"), line);
    }
  }
  if (hasMissed) process.stderr.write("Some figures miss their goal.\n");
  return 0;
}

/** Other work on the machine goes into every figure. */
function warnIfBusy(): void {
  const [load = 0] = loadavg();
  if (load > LOAD_MAX)
    process.stderr.write(`The machine is busy (load average ${load.toFixed(1)}); the figures will be worse than they should be.\n`);
}

/** Emits the JavaScript that users install. Type errors elsewhere in the workspace don't stop a measurement, missing output does. */
function build(): void {
  try {
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "packages/cli", "packages/sdk"], { cwd: ROOT, stdio: "pipe" });
  } catch (error) {
    process.stderr.write(`The build reports errors; measuring what it emitted.\n${String((error as { stdout?: unknown }).stdout)}`);
  }
}

type Of = { readonly client: ClientName; readonly options: Options };

async function runScenario(scenario: Scenario | LoneScenario, { client, options }: Of): Promise<Result> {
  const command = ["npm run bench --", ...args].join(" ");
  if ("measureAlone" in scenario) {
    const samples: Figures[] = [];
    for (let index = 0; index < options.repetitions; index++) samples.push(await scenario.measureAlone(options));
    return resultOf({ scenario, client, options, samples, command });
  }
  const profileDir = options.isProfiled ? mkdtempSync(join(tmpdir(), `pawl-profile-${scenario.id}-${client}-`)) : undefined;
  const setup: WorldSetup = { ...options, client, ...(profileDir === undefined ? {} : { profileDir }) };
  const samples = scenario.isFreshEach ? await inManyWorlds(scenario, setup, options) : await inOneWorld(scenario, setup, options);
  if (profileDir !== undefined) {
    for (const name of ["server", "app"]) {
      const profile = readProfile(join(profileDir, `${name}.cpuprofile`));
      process.stderr.write(`${profileTable(`${scenario.id} ${client} ${name}`, { profile, rows: PROFILE_ROWS })}\n\n`);
    }
  }
  return resultOf({ scenario, client, options, samples, command });
}

async function inOneWorld(scenario: Scenario, setup: WorldSetup, { repetitions }: Options): Promise<readonly Figures[]> {
  return inWorld(setup, async (world) => {
    await (scenario.warmUp ?? scenario.measure)(world);
    const samples: Figures[] = [];
    for (let index = 0; index < repetitions; index++) samples.push(await scenario.measure(world));
    await expectNoFailure(world);
    return samples;
  });
}

async function inManyWorlds(scenario: Scenario, setup: WorldSetup, { repetitions }: Options): Promise<readonly Figures[]> {
  const samples: Figures[] = [];
  for (let index = 0; index < repetitions; index++) {
    samples.push(
      await inWorld(setup, async (world) => {
        await (scenario.warmUp ?? scenario.measure)(world);
        const figures = await scenario.measure(world);
        await expectNoFailure(world);
        return figures;
      }),
    );
  }
  return samples;
}
