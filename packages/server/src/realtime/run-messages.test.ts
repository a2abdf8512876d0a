import type { RunRow } from "@pawl/engine";
import { expect, test } from "vitest";
import { Live } from "../core/live.ts";
import { Registry } from "../core/registry.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { systemRandom } from "../ports/random.ts";
import { openSecrets } from "../ports/secrets.ts";
import { Realtime } from "./realtime.ts";
import { publishRuns } from "./run-messages.ts";
import { RUN_TOPIC } from "./topic.ts";

test("a run's output is touched only where somebody has subscribed to the run", () => {
  const realtime = new Realtime({ clock: new ManualClock(), random: systemRandom(), loadSecret: openSecrets() });
  const live = new Live();
  const unwatch = publishRuns({ live, registry: new Registry() }, realtime);
  let looks = 0;
  const ended = (id: string): void => {
    const run = {
      id,
      functionId: "f",
      status: "COMPLETED",
      endedAt: 1,
      get output(): string {
        looks += 1;
        return '"done"';
      },
    };
    live.publish({ kind: "run", run: run as RunRow });
  };
  ended("a");
  const got: string[] = [];
  realtime.subscribe({ takesRaw: false, send: ({ text }) => got.push(text) > 0, close: () => {} }, [{ channel: "b", name: RUN_TOPIC }]);
  ended("a");
  expect(looks).toBe(0);
  ended("b");
  expect(got.map((text) => JSON.parse(text) as unknown)).toMatchObject([{ kind: "run", data: { status: "COMPLETED", output: "done" } }]);
  unwatch();
});
