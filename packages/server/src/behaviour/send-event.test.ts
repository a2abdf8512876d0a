/** Events that a run sends. */
import { describe, expect, it } from "vitest";
import { type World, worldOf } from "./world.fixture.ts";

describe("semantics 5.3 sendEvent", () => {
  it("is a step of its own kind, whose attempts send the same events because they have the same seed", async () => {
    const seed = `1790000000000,${Buffer.alloc(10, 7).toString("base64")}`;
    let tries = 0;
    const world: World = await worldOf({
      f: {
        script: ({ step }) =>
          step.run(
            "send",
            async () => {
              const { body } = await world.post("/e/any", [{ name: "shop/other", data: {} }], { "x-inngest-event-id-seed": seed });
              tries += 1;
              if (tries === 1) throw new Error("the answer was lost");
              return { ids: body.ids };
            },
            { type: "step.sendEvent" },
          ),
      },
      other: { script: () => 1 },
    });
    await world.send("shop/f");
    await world.advance("1m");
    const run = await world.run("f");
    const [event] = await world.runs("other");
    expect(run).toMatchObject({ status: "COMPLETED", output: { ids: [event?.eventIds[0]] } });
    expect(tries).toBe(2);
    expect(await world.runs("other")).toHaveLength(1);
    expect((await world.steps(run.id))["send"]).toMatchObject({ kind: "send-event", status: "completed", attempt: 1 });
  });
});
