/** Retry policies of functions and steps (Pawl's own). */
import { describe, expect, it } from "vitest";
import { RetryAfterError, type World, worldOf } from "./world.fixture.ts";

const SECONDS = 1_000;

/** When a function that always fails is called, seconds. */
async function callsOf(retries: Readonly<Record<string, unknown>>, jitterMs = 0): Promise<readonly number[]> {
  const world = await worldOf(
    {
      f: {
        retries,
        script: () => {
          throw new Error("no");
        },
      },
    },
    { jitterMs },
  );
  return ended(world);
}

async function ended(world: World): Promise<readonly number[]> {
  await world.send("shop/f");
  await world.advance("24h");
  expect(await world.statuses("f")).toEqual(["FAILED"]);
  return world.callTimes("f").map((ms) => ms / SECONDS);
}

describe("semantics 14.8 retry policies", () => {
  it.each([
    [{ min: "1s" }, [0, 1, 3, 7, 15]],
    [{ min: "1s", max: "5s" }, [0, 1, 3, 7, 12]],
    [{ min: "2s", factor: 3 }, [0, 2, 8, 26, 80]],
    [{ kind: "linear", min: "2s" }, [0, 2, 6, 12, 20]],
    [{ kind: "constant", min: "10s" }, [0, 10, 20, 30, 40]],
  ])("%j: calls at %j s", async (backoff, expected) => {
    expect(await callsOf({ attempts: 4, backoff: { jitter: 0, ...backoff } })).toEqual(expected);
  });

  it("chance adds at most what the policy says", async () => {
    const [, second] = await callsOf({ attempts: 1, backoff: { kind: "constant", min: "10s", max: "10s", jitter: 0.5 } }, 60_000);
    expect(second).toBeGreaterThan(10);
    expect(second).toBeLessThanOrEqual(15);
  });

  it("the time that the app asks for comes first", async () => {
    const world = await worldOf({
      f: {
        retries: { attempts: 1, backoff: { kind: "constant", min: "1s", jitter: 0 } },
        script: () => {
          throw new RetryAfterError("busy", "30");
        },
      },
    });
    expect(await ended(world)).toEqual([0, 30]);
  });

  it("a step's own policy counts for it, and the function's for the rest", async () => {
    const world = await worldOf({
      f: {
        retries: { attempts: 1, backoff: { kind: "constant", min: "100s", jitter: 0 } },
        script: async ({ step }) => {
          const fail = (): never => {
            throw new Error("no");
          };
          await step.run("own", fail, { retry: { attempts: 2, backoff: { kind: "constant", min: "3s", jitter: 0 } } }).catch(() => 0);
          await step.run("other", fail).catch(() => 0);
          throw new Error("the end");
        },
      },
    });
    expect(await ended(world)).toEqual([0, 3, 6, 6, 106, 106, 206]);
  });
});
