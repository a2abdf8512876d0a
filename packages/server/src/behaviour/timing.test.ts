/** When steps began and ended, as people see it. */
import { describe, expect, it } from "vitest";
import { sdkAnswer, START, type World, worldOf } from "./world.fixture.ts";

const MS = 1_000_000;

/** A run of one step whose call takes 10 s, with what the app says about the step's times. */
async function stepWith(timing: unknown): Promise<{ readonly startedAt: number | undefined; readonly endedAt: number | undefined }> {
  const world: World = await worldOf({
    f: {
      answer: async ({ body }) => {
        if ("s" in body.steps) return sdkAnswer(200, 1);
        await world.takes("10s");
        return sdkAnswer(206, [{ op: "StepRun", id: "s", name: "s", data: 1, timing }]);
      },
    },
  });
  await world.send("shop/f");
  await world.advance("10s");
  const { startedAt, endedAt } = (await world.steps((await world.run("f")).id))["s"] ?? {};
  return { startedAt, endedAt };
}

describe("semantics 12.3 step timing", () => {
  it("the app's times count, down to the millisecond", async () => {
    const times = await stepWith({ a: (START + 4_000) * MS, b: 1_500 * MS });
    expect(times).toEqual({ startedAt: START + 4_000, endedAt: START + 5_500 });
  });

  it.each([undefined, null, { a: 0, b: 0 }, { a: -1, b: 5 }, { a: START * MS, b: -5 * MS }, { a: "x", b: 1 }, { a: 9e21, b: 0 }])(
    "without them, or with nonsense, the call's times do: %j",
    async (timing) => {
      expect(await stepWith(timing)).toEqual({ startedAt: START, endedAt: START + 10_000 });
    },
  );
});
