/**
 * The app registers anew while its runs go on: as a deploy does, as one that is taken back does, and as a broken one, which is refused.
 *
 * I1  What is registered means the same as before but for the names, which say which registration they are of; and a guest comes with some
 *     of them only.
 */
import { registerApp } from "@pawl/server";
import { APP_ID, APP_URL, functionRowOf, hasGuest } from "../app/generate-program.ts";
import type { Program } from "../app/program.ts";
import { wireConfigOf } from "../app/wire-config.ts";
import type { Watch } from "../check/watch.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const ANSWER_MS_MAX = 10_000;
const NUMBER_MAX = 3;
/** Number of those that must be refused: one of their functions has nothing but an id. */
const REFUSED = 0;

export type RegistrarOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly programs: readonly Program[];
  readonly watch: Watch;
};

/** Sets up every registration. */
export function beginRegistrations(options: RegistrarOptions): void {
  const { clock, random, scenario } = options;
  for (let index = 0; index < scenario.registrations; index++) {
    // Some are what was registered before: a rollback, or nothing new.
    const number = random.chance(0.3) ? REFUSED : random.between(1, NUMBER_MAX);
    clock.setTimer(random.integer(scenario.faultyMs), () => void register(options, number));
  }
}

async function register({ clock, cluster, watch, programs }: RegistrarOptions, number: number): Promise<void> {
  const { engine } = cluster;
  if (engine?.registry.appById(APP_ID) === undefined) return;
  const end = watch.registering();
  const present = programs.filter(({ isGuest }) => isGuest !== true || hasGuest(number));
  const functions = [...deployed(present, number), ...(number === REFUSED ? [{ id: "broken" }] : [])];
  const common = { appName: APP_ID, url: APP_URL, sdk: "js:v4.24.0", framework: "", method: "serve" } as const;
  const registering = registerApp(engine, { ...common, functions }).then(
    ({ kind }) => kind,
    () => undefined,
  );
  end({ number, outcome: await Promise.race([registering, clock.sleep(ANSWER_MS_MAX).then(() => undefined)]) });
}

/** The functions as they are, but for their names. */
function deployed(programs: readonly Program[], number: number): readonly object[] {
  return programs.map((program) => {
    const { definition } = functionRowOf(program, 0);
    return JSON.parse(JSON.stringify(wireConfigOf({ ...definition, name: `${definition.slug} ${number}` }))) as object;
  });
}
