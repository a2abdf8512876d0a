/** Faults of the server itself. */
import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, it } from "vitest";
import { sdkAnswer, type World, worldOf } from "./world.fixture.ts";

describe("semantics 14.33 faults of the server", () => {
  it("while nothing can be stored, a call is repeated later and later and uses up no attempt; then its run goes on", async () => {
    let isFailing = false;
    const faults = {
      beforeCommit: (): void => {
        if (isFailing) throw new Error("The disk is full.");
      },
    };
    const world: World = await worldOf(
      {
        f: {
          retries: 0,
          answer: ({ body }) => {
            if (Object.keys(body.steps).length > 0) return sdkAnswer(200, "done");
            isFailing = world.now() < 60_000;
            return sdkAnswer(206, [{ op: "StepRun", id: "s", name: "s", data: 1 }]);
          },
        },
      },
      { engine: { store: openMemoryStore({ faults }) } },
    );
    await world.send("shop/f");
    await world.advance("1m");
    isFailing = false;
    await world.advance("10m");
    const calls = world.calls("f");
    const gaps = calls.slice(1, -1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: "done" });
    expect(gaps.length).toBeGreaterThan(2);
    expect(gaps.length).toBeLessThan(30);
    expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
    expect(new Set(calls.map(({ attempt }) => attempt))).toEqual(new Set([0]));
  });
});
