/**
 * The app registers anew while its runs go on: as a deploy does, and as a broken deploy does, which is refused.
 *
 * I1  What is registered means the same as before but for the names, which say how often the app has registered.
 */
import { registerApp } from "@pawl/server";
import { APP_ID, APP_URL } from "../app/generate-program.ts";
import type { Watch } from "../check/watch.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const ANSWER_MS_MAX = 10_000;

export type RegistrarOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly watch: Watch;
};

/** Sets up every registration. */
export function beginRegistrations(options: RegistrarOptions): void {
  const { clock, random, scenario } = options;
  for (let number = 1; number <= scenario.registrations; number++) {
    const isRefused = random.chance(0.4);
    clock.setTimer(random.integer(scenario.faultyMs), () => void (isRefused ? refuse(options) : register(options, number)));
  }
}

async function register({ clock, cluster, watch }: RegistrarOptions, number: number): Promise<void> {
  const { engine } = cluster;
  if (engine?.registry.appById(APP_ID) === undefined) return;
  const end = watch.registering();
  const registering = engine.register(() => {
    const app = engine.registry.appById(APP_ID);
    if (app === undefined) return undefined;
    const { error: _error, ...rest } = app;
    const functions = engine.registry.functions().filter(({ appId }) => appId === APP_ID);
    return {
      app: { ...rest, checksum: String(number), syncedAt: clock.now() },
      functions: functions.map((row) => ({ ...row, version: row.version + 1, name: `${row.slug} ${number}` })),
    };
  });
  end({
    number,
    outcome: await answered(
      clock,
      registering.then(() => "registered" as const),
    ),
  });
}

/** A function without triggers, and without anything else. */
async function refuse({ clock, cluster, watch }: RegistrarOptions): Promise<void> {
  const { engine } = cluster;
  if (engine?.registry.appById(APP_ID) === undefined) return;
  const end = watch.registering();
  const common = { appName: APP_ID, url: APP_URL, sdk: "js:v4.24.0", framework: "", method: "serve" } as const;
  const refusing = registerApp(engine, { ...common, functions: [{ id: "broken" }] });
  end({
    number: 0,
    outcome: await answered(
      clock,
      refusing.then(({ kind }) => kind),
    ),
  });
}

/** The answer to a request; undefined where it failed or did not come in time. */
function answered<T>(clock: VirtualClock, request: Promise<T>): Promise<T | undefined> {
  return Promise.race([request.catch(() => undefined), clock.sleep(ANSWER_MS_MAX).then(() => undefined)]);
}
