/**
 * The way between a node and the app: refuses, loses, repeats, delays and garbles.
 *
 * I1  A call that is aborted ends for the node at once; the app goes on with it.
 */
import type { RawReply } from "@pawl/engine";
import type { AppCall, Invoker } from "@pawl/server";
import type { AppFaults } from "../world/scenario.ts";
import type { SeededRandom } from "../world/seeded-random.ts";
import type { VirtualClock } from "../world/virtual-clock.ts";
import type { FakeApp } from "./fake-app.ts";
import { garbage, GARBAGE_KINDS, unreachable } from "./ops.ts";

/** Longest time on the way, either direction. */
const TRANSIT_MS_MAX = 5;
const DELAY_MS_MAX = 900_000;

export type TransportOptions = {
  readonly app: FakeApp;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** The faults of the moment; none once the world has healed. */
  readonly faults: () => AppFaults | undefined;
  /** Whether the app is gone for a while. */
  readonly isDown: () => boolean;
  readonly began: (call: AppCall) => void;
  readonly ended: (call: AppCall, reply: RawReply | "aborted") => void;
};

/** The invoker of a node. */
export function faultyTransport(options: TransportOptions): Invoker {
  return {
    call: async (call) => {
      options.began(call);
      const reply = await Promise.race([send(options, call), aborted(call.signal)]);
      options.ended(call, reply);
      return reply === "aborted" ? unreachable("aborted") : reply;
    },
    close: () => Promise.resolve(),
  };
}

function aborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted"), { once: true }));
}

async function send(options: TransportOptions, call: AppCall): Promise<RawReply> {
  const { app, clock, random, isDown } = options;
  const faults = options.faults();
  await clock.sleep(random.integer(TRANSIT_MS_MAX));
  if (isDown() || random.chance(faults?.refuse ?? 0)) return unreachable("refused");
  if (random.chance(faults?.hang ?? 0)) return new Promise(() => {});
  if (random.chance(faults?.garbage ?? 0)) return garbage(random.integer(GARBAGE_KINDS));
  const handled = [app.handle(call)];
  if (random.chance(faults?.repeat ?? 0)) handled.push(clock.sleep(random.integer(1_000)).then(() => app.handle(call)));
  const reply = await Promise.race(handled);
  const delayMs = random.chance(faults?.delay ?? 0) ? random.integer(DELAY_MS_MAX) : random.integer(TRANSIT_MS_MAX);
  await clock.sleep(delayMs);
  return random.chance(faults?.lose ?? 0) ? unreachable("the connection was reset") : reply;
}
