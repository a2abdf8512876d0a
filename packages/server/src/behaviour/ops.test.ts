/** Ops: what each does, their order, and steps side by side. */
import { hashStepId, type WireOp } from "@pawl/protocol";
import { describe, expect, it } from "vitest";
import { type SeenCall, sdkAnswer, type World, worldOf } from "./world.fixture.ts";

/** A world whose function answers discovery calls with these, one after the other, and planned steps with their success. */
async function answering(...answers: readonly (readonly Partial<WireOp>[])[]): Promise<World> {
  let next = 0;
  const answer = ({ stepId }: SeenCall) => {
    if (stepId !== "step") return sdkAnswer(206, [{ op: "StepRun", id: stepId, data: stepId }]);
    const ops = answers[next++];
    return ops === undefined ? sdkAnswer(200, "done") : sdkAnswer(206, ops);
  };
  const world = await worldOf({ f: { retries: 0, answer } });
  await world.send("shop/f");
  await world.advance("1m");
  return world;
}

describe("semantics 4.4 op codes", () => {
  it("StepRun saves `{data}`, Step the bare value", async () => {
    const world = await answering([{ op: "StepRun", id: "a", data: 1 }], [{ op: "Step", id: "b", data: { x: 2 } }]);
    expect(world.calls("f").at(-1)?.body.steps).toEqual({ a: { data: 1 }, b: { x: 2 } });
  });

  it("StepFailed saves `{error}` whatever the attempts, and the code goes on", async () => {
    const world = await answering([{ op: "StepFailed", id: "a", error: { name: "E", message: "m", stack: "s", data: 1, cause: "c" } }]);
    expect(world.calls("f").at(-1)?.body.steps).toEqual({ a: { error: { name: "E", message: "m", stack: "s", data: 1, cause: "c" } } });
    expect((await world.run("f")).status).toBe("COMPLETED");
  });

  it("an error whose data is null keeps it: the Go SDK reads no error without", async () => {
    const world = await answering([{ op: "StepFailed", id: "a", error: { name: "E", message: "m", data: null } }]);
    expect(world.calls("f").at(-1)?.body.steps).toEqual({ a: { error: { name: "E", message: "m", data: null } } });
  });

  it.each(["StepError", "StepFailed"] as const)("%s without an error is an answer that can't be understood", async (op) => {
    const world = await answering([{ op, id: "a" }]);
    expect(await world.run("f")).toMatchObject({ status: "FAILED" });
    expect((await world.run("f")).error?.message).toContain("has no error");
  });

  it("None ends a branch; an answer of nothing else is asked again, and not for ever", async () => {
    const once = await answering([{ op: "None", id: "" }]);
    expect([once.calls("f").length, (await once.run("f")).status]).toEqual([2, "COMPLETED"]);
    const ever = await worldOf({ f: { answer: () => sdkAnswer(206, []) } });
    await ever.send("shop/f");
    await ever.advance("1m");
    expect(await ever.run("f")).toMatchObject({ status: "FAILED", error: { error: "no progress" } });
    expect(ever.calls("f").length).toBeLessThan(20);
  });

  it("RunComplete ends the run with its data, also beside a step", async () => {
    const world = await answering([
      { op: "StepRun", id: "a", data: 1 },
      { op: "RunComplete", id: "end", data: { total: 3 } },
    ]);
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: { total: 3 } });
    expect(world.calls("f")).toHaveLength(1);
  });

  it("DiscoveryRequest asks again", async () => {
    const world = await answering([{ op: "DiscoveryRequest", id: "d" }]);
    expect([world.calls("f").length, (await world.run("f")).status]).toEqual([2, "COMPLETED"]);
  });

  it("planned twice is planned once", async () => {
    const world = await answering([
      { op: "StepPlanned", id: "a" },
      { op: "StepPlanned", id: "a" },
    ]);
    expect(world.calls("f").map(({ stepId }) => stepId)).toEqual(["step", "a", "step"]);
  });

  it("names of ops are read in any case; an unknown one is an attempt that failed", async () => {
    const world = await answering([{ op: "STEPRUN" as never, id: "a", data: 1 }]);
    expect((await world.run("f")).status).toBe("COMPLETED");
    const unknown = await answering([{ op: "Teleport" as never, id: "a" }]);
    expect((await unknown.run("f")).error?.message).toContain('unknown opcode "Teleport"');
  });

  it("the first value of a step stays, whatever comes later", async () => {
    const world = await answering(
      [{ op: "StepRun", id: "a", data: 1 }],
      [
        { op: "StepRun", id: "a", data: 2 },
        { op: "StepRun", id: "b", data: 1 },
      ],
    );
    expect(world.calls("f").at(-1)?.body.steps).toMatchObject({ a: { data: 1 } });
    const { id } = await world.run("f");
    expect(await world.items(id)).toEqual([]);
  });

  it("waits are stored before anything else of the same answer", async () => {
    const world = await answering([
      { op: "InvokeFunction", id: "i", opts: { function_id: "shop-f2", payload: {} } },
      { op: "WaitForEvent", id: "w", opts: { event: "inngest/function.invoked", timeout: "30s" } },
    ]);
    expect(world.calls("f").at(-1)?.body.steps["w"]).toMatchObject({ name: "inngest/function.invoked" });
  });
});

describe("semantics 4.6 parallelism", () => {
  it("steps side by side are called for one by one, and the app is asked once when all are done", async () => {
    const world = await worldOf({
      f: {
        script: ({ step }) =>
          Promise.all(
            [3, 1, 2].map((n) =>
              step.run(`s${n}`, async () => {
                await world.takes(`${n}s`);
                return n;
              }),
            ),
          ),
      },
    });
    await world.send("shop/f");
    await world.advance("5s");
    expect(world.calls("f").map(({ stepId, at }) => [stepId === "step", at])).toEqual([
      [true, 0],
      [false, 0],
      [false, 0],
      [false, 0],
      [true, 3_000],
    ]);
    expect((await world.run("f")).output).toEqual([3, 1, 2]);
    const { stack } = world.calls("f").at(-1)?.body.ctx.stack ?? {};
    expect(stack).toEqual(["s1", "s2", "s3"].map(hashStepId));
  });

  it("after the fan-in the app may run steps in place again", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          await Promise.all([step.run("a", () => 1), step.run("b", () => 2)]);
          await step.run("c", () => 3);
        },
      },
    });
    await world.send("shop/f");
    expect(world.calls("f").map(({ stepId, body: { ctx } }) => [stepId === "step", ctx.disable_immediate_execution])).toEqual([
      [true, false],
      [false, true],
      [false, true],
      [true, false],
      [true, false],
    ]);
  });

  it("a race: the app is asked after the first one, and nothing runs twice (#4897)", async () => {
    let bodies = 0;
    const opts = { parallelMode: "race" };
    const body = (duration: string) => async (): Promise<string> => {
      bodies += 1;
      await world.takes(duration);
      return duration;
    };
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          const first = await Promise.race([step.run("slow", body("10s"), opts), step.run("fast", body("1s"), opts)]);
          await step.sleep("nap", "1m");
          return first;
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s100ms");
    expect(world.calls("f")).toHaveLength(4);
    await world.advance("2m");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: "1s" });
    expect(bodies).toBe(2);
  });

  it("a step that fails among others is tried again by itself", async () => {
    let tries = 0;
    const world = await worldOf({
      f: {
        script: ({ step }) =>
          Promise.all([
            step.run("good", () => "good"),
            step.run("bad", () => {
              if (++tries < 3) throw new Error("busy");
              return "good at last";
            }),
          ]),
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect((await world.run("f")).output).toEqual(["good", "good at last"]);
    expect(world.calls("f").map(({ attempt }) => attempt)).toEqual([0, 0, 0, 1, 2, 0]);
  });

  it("each takes a slot of its own", async () => {
    const world = await worldOf({
      f: {
        options: { concurrency: 2 },
        script: ({ step }) => Promise.all([1, 2, 3].map((n) => step.run(`s${n}`, () => world.takes("1s")))),
      },
    });
    await world.send("shop/f");
    await world.advance("3s");
    expect(world.callTimes("f")).toEqual([0, 0, 0, 1_000, 2_000]);
  });

  it("request version 1: each one that is done asks", async () => {
    const answer = ({ stepId, body: { steps } }: SeenCall) => {
      const headers = { "x-inngest-req-version": "1" };
      if (stepId !== "step") return sdkAnswer(206, [{ op: "StepRun", id: stepId, data: 1 }], headers);
      const left = ["a", "b", "c"].filter((id) => !(id in steps));
      if (left.length === 0) return sdkAnswer(200, "done", headers);
      return sdkAnswer(
        206,
        left.map((id) => ({ op: "StepPlanned", id })),
        headers,
      );
    };
    const world = await worldOf({ f: { answer } });
    await world.send("shop/f");
    await world.advance("1s");
    expect((await world.run("f")).status).toBe("COMPLETED");
    expect(world.calls("f")[1]?.body.version).toBe(1);
  });
});

describe("semantics 4.7 limits checked at execution", () => {
  it("1,000 ops in one answer are run, one more fails the run", async () => {
    const ops = (count: number): readonly Partial<WireOp>[] =>
      Array.from({ length: count }, (_, n) => ({ op: "StepPlanned", id: `s${n}` }) as const);
    const most = await answering(ops(1_000));
    expect((await most.run("f")).status).toBe("COMPLETED");
    const more = await answering(ops(1_001));
    expect(await more.run("f")).toMatchObject({ status: "FAILED", error: { name: "InngestErrFunctionOverflowed" } });
  });

  it("1,000 steps of a run are stored, one more fails it", async () => {
    const steps = (from: number, count: number): readonly Partial<WireOp>[] =>
      Array.from({ length: count }, (_, n) => ({ op: "StepRun", id: `s${from + n}`, data: n }) as const);
    const most = await answering(steps(0, 600), steps(600, 400));
    expect(await most.run("f")).toMatchObject({ status: "COMPLETED", stepsDone: 1_000 });
    const more = await answering(steps(0, 600), steps(600, 401));
    const { status, error } = await more.run("f");
    expect([status, error?.name, error?.message]).toEqual([
      "FAILED",
      "InngestErrFunctionOverflowed",
      "The function run exceeded the step limit of 1000 steps.",
    ]);
  });

  it("a run whose state passes 32 MiB fails", async () => {
    const big = "x".repeat(4_000_000);
    const world = await answering(...Array.from({ length: 9 }, (_, n) => [{ op: "StepRun", id: `s${n}`, data: big } as const]));
    const { status, error } = await world.run("f");
    expect([status, error?.name, error?.message]).toEqual([
      "FAILED",
      "InngestErrStateOverflowed",
      `The function run exceeded the state size limit of ${32 * 1_024 * 1_024} bytes.`,
    ]);
  });
});

describe("semantics 4.8 after the run ends", () => {
  it("what a call answers after its run was cancelled counts for nothing", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          await step.run("work", () => world.takes("10s"));
          await step.run("more", () => 1);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const { id } = await world.run("f");
    await world.cancel(id);
    await world.advance("1h");
    expect(await world.run("f")).toMatchObject({ status: "CANCELLED", ended: 1_000, stepsDone: 0 });
    expect(world.calls("f")).toHaveLength(1);
    expect(await world.items(id)).toEqual([]);
  });

  it("steps that are under way when the function returns are cancelled, and their answers ignored", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          const opts = { parallelMode: "race" };
          return Promise.race([step.run("slow", () => world.takes("1h"), opts), step.run("fast", () => "fast", opts)]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("2h");
    const run = await world.run("f");
    expect(run).toMatchObject({ status: "COMPLETED", output: "fast" });
    expect(run.ended).toBeLessThan(1_000);
    expect((await world.steps(run.id))["slow"]?.status).toBe("cancelled");
    expect(await world.items(run.id)).toEqual([]);
  });
});
