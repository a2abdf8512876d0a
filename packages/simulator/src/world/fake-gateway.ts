/**
 * The servers that steps make requests to, and the way there: each answer has a token of its own.
 *
 * I1  A request that is cut off ends for the node at once; the server has perhaps done its work.
 */
import type { GatewayOutcome, GatewayRequest } from "@pawl/engine";
import type { EngineOptions } from "@pawl/server";
import { SERVER_URL } from "../app/ops.ts";
import type { Watch } from "../check/watch.ts";
import type { AppFaults } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const ANSWER_MS_MAX = 2_000;
const DELAY_MS_MAX = 900_000;
const FAILURES = [429, 500, 503] as const;

type Gateway = NonNullable<EngineOptions["gateway"]>;

export type FakeGatewayOptions = {
  /** Counts the starts of the node. */
  readonly node: number;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly watch: Watch;
  /** The faults of the moment; none once the world has healed. */
  readonly faults: () => AppFaults | undefined;
};

/** The gateway of a node. */
export function fakeGateway(options: FakeGatewayOptions): Gateway {
  const { node, watch } = options;
  return {
    request: async (request, signal) => {
      const [runId = "", stepId = ""] = (request.headers["idempotency-key"] ?? "").split(".");
      const asked = { node, runId, stepId };
      watch.requestBegan(asked);
      const outcome = await Promise.race([answerTo(options, request), aborted(signal)]);
      watch.requestEnded({ ...asked, outcome });
      return outcome;
    },
    close: () => Promise.resolve(),
  };
}

function aborted(signal: AbortSignal): Promise<GatewayOutcome> {
  const outcome: GatewayOutcome = { kind: "failure", message: "aborted", isRetryable: true };
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(outcome), { once: true }));
}

async function answerTo({ clock, random, faults }: FakeGatewayOptions, { url }: GatewayRequest): Promise<GatewayOutcome> {
  const now = faults();
  const token = random.integer(1_000_000_000);
  if (url !== SERVER_URL) return { kind: "failure", message: `asked for ${url}`, isRetryable: false };
  await clock.sleep(random.chance(now?.fetchDelay ?? 0) ? random.integer(DELAY_MS_MAX) : random.integer(ANSWER_MS_MAX));
  if (random.chance(now?.fetchFails ?? 0)) return { kind: "failure", message: "nobody is there", isRetryable: true };
  if (random.chance(now?.fetchRefused ?? 0)) return { kind: "failure", message: "the address is refused", isRetryable: false };
  const status = random.chance(now?.fetchStatus ?? 0) ? random.pick(FAILURES) : 200;
  return { kind: "response", url, status, headers: {}, body: JSON.stringify({ token }) };
}
