/**
 * Callers of the app's endpoints. Each request has a run id of its own, but where a broken app uses the one of another endpoint.
 */
import type { FakeEndpoint } from "../app/fake-endpoint.ts";
import { K_BOUND, N_BOUND, type Program } from "../app/program.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const KEYS = ["key-1", "key-2"] as const;

export type CallersOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly endpoints: readonly Program[];
  readonly endpoint: FakeEndpoint;
};

/** Sets up every request that will be made. */
export function beginCalls({ clock, random, scenario, endpoints, endpoint }: CallersOptions): void {
  const used: { readonly runId: string; readonly program: Program }[] = [];
  const request = async (): Promise<void> => {
    const program = random.pick(endpoints);
    const other = random.chance(0.1) ? used.findIndex((each) => each.program !== program) : -1;
    // Each is used by another endpoint once at most, or one endpoint would use it twice.
    const [taken] = other < 0 ? [] : used.splice(other, 1);
    const runId = taken?.runId ?? random.ulid(clock.now());
    if (taken === undefined) used.push({ runId, program });
    const payload = { k: random.integer(K_BOUND), n: random.integer(N_BOUND) };
    const key = random.chance(0.2) ? { key: random.pick(KEYS) } : {};
    await endpoint.request({ program, runId, payload, ...key });
  };
  if (endpoints.length > 0)
    for (let index = 0; index < scenario.requests; index++) clock.setTimer(random.integer(scenario.faultyMs), () => void request());
}
