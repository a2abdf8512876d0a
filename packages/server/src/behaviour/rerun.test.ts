/** Running again: the whole run, or from a step. */
import { describe, expect, it } from "vitest";
import { type SeenRun, StepFailure, type World, worldOf } from "./world.fixture.ts";

/** Runs a run again, by the API that the dashboard uses. */
async function rerun(
  world: World,
  runId: string,
  fromStep?: { readonly stepId: string; readonly input?: readonly unknown[] },
): Promise<string> {
  const { status, body } = await world.post(`/ui/v1/runs/${runId}/rerun`, fromStep === undefined ? {} : { fromStep });
  expect(status).toBe(200);
  await world.settle();
  return body.runId as string;
}

async function runOf(world: World, name: string, runId: string): Promise<SeenRun> {
  const run = (await world.runs(name)).find(({ id }) => id === runId);
  if (run === undefined) throw new Error(`${name} has no run ${runId}.`);
  return run;
}

describe("semantics 11.5 rerun", () => {
  it("has the same events, all of them, at once, with the newest configuration; a rerun of a rerun names the first run", async () => {
    const world = await worldOf({
      f: { options: { batchEvents: { maxSize: 3, timeout: "1m" } }, script: ({ events }) => events.map(({ data }) => data["n"]) },
    });
    for (const n of [1, 2, 3]) await world.send("shop/f", { n });
    const first = await world.run("f");
    await world.register({ f: { options: { batchEvents: { maxSize: 9, timeout: "1m" } } } });
    const second = await rerun(world, first.id);
    const third = await rerun(world, second);
    for (const id of [second, third])
      expect(await runOf(world, "f", id)).toMatchObject({ status: "COMPLETED", output: [1, 2, 3], rerunOf: first.id, functionVersion: 2 });
  });

  it("an event of the future, or one whose id has been used, does not keep it", async () => {
    const world = await worldOf({ f: { script: ({ event }) => event.data["n"] } });
    await world.send("shop/f", { n: 1 }, { id: "A", ts: Date.UTC(2027, 0, 1) });
    const { id } = await world.run("f");
    await world.cancel(id);
    expect(await runOf(world, "f", await rerun(world, id))).toMatchObject({ status: "COMPLETED", output: 1 });
  });

  it("a debounced function's run starts at once (reference: an error)", async () => {
    const world = await worldOf({ f: { options: { debounce: { period: "1m" } }, script: ({ event }) => event.data["n"] } });
    await world.send("shop/f", { n: 1 });
    await world.advance("1m");
    expect(await runOf(world, "f", await rerun(world, (await world.run("f")).id))).toMatchObject({ status: "COMPLETED", output: 1 });
  });

  it("singleton and concurrency count for it", async () => {
    const world = await worldOf({
      single: { options: { singleton: { mode: "skip" } }, script: ({ step }) => step.sleep("nap", "1h") },
      limited: { options: { concurrency: { fn: [{ limit: 1 }] } }, script: ({ step }) => step.sleep("nap", "1h") },
    });
    for (const name of ["single", "limited"]) {
      await world.send(`shop/${name}`);
      await world.advance("1s");
      await rerun(world, (await world.run(name)).id);
    }
    await world.advance("1m");
    expect([await world.statuses("single"), await world.statuses("limited")]).toEqual([
      ["RUNNING", "SKIPPED"],
      ["RUNNING", "QUEUED"],
    ]);
  });

  it("what is not there is not run again", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    expect((await world.post("/ui/v1/runs/01K6ZZZZZZ0000000000000000/rerun")).status).toBe(404);
  });
});

describe("semantics 11.5 rerun from a step", () => {
  /** A function of four kinds of steps, which says what has been executed. */
  async function stepsWorld(): Promise<{ readonly world: World; readonly executed: string[] }> {
    const executed: string[] = [];
    const did = (name: string, value: unknown) => () => {
      executed.push(name);
      return value;
    };
    const world = await worldOf({
      f: {
        retries: 0,
        script: async ({ step }) => {
          const a = await step.run("a", did("a", 1));
          let failed = "";
          try {
            await step.run("bad", () => {
              executed.push("bad");
              throw new Error("no");
            });
          } catch (error) {
            failed = error instanceof StepFailure ? error.message : "?";
          }
          await step.sleep("nap", "1m");
          const [left, right] = await Promise.all([step.run("left", did("left", "l")), step.run("right", did("right", "r"))]);
          return [a, failed, left, right];
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1m");
    expect((await world.run("f")).output).toEqual([1, "no", "l", "r"]);
    executed.length = 0;
    return { world, executed };
  }

  it("what ended before the step is kept: results, errors and sleeps; the step and what comes after are done again", async () => {
    const { world, executed } = await stepsWorld();
    const id = await rerun(world, (await world.run("f")).id, { stepId: "left" });
    expect(await runOf(world, "f", id)).toMatchObject({ status: "COMPLETED", output: [1, "no", "l", "r"] });
    expect(executed.toSorted()).toEqual(["left", "right"]);
  });

  it("a step that failed is tried again", async () => {
    const { world, executed } = await stepsWorld();
    const id = await rerun(world, (await world.run("f")).id, { stepId: "bad" });
    await world.advance("1m");
    expect([executed.toSorted(), (await runOf(world, "f", id)).status]).toEqual([["bad", "left", "right"], "COMPLETED"]);
  });

  it("from a sleep: it lasts again", async () => {
    const { world } = await stepsWorld();
    const id = await rerun(world, (await world.run("f")).id, { stepId: "nap" });
    await world.advance("59s");
    expect((await runOf(world, "f", id)).status).toBe("RUNNING");
    await world.advance("1s");
    expect((await runOf(world, "f", id)).status).toBe("COMPLETED");
  });

  it("of a rerun from a step: its own steps count, kept ones too (reference: those of the first run)", async () => {
    const { world, executed } = await stepsWorld();
    const first = await rerun(world, (await world.run("f")).id, { stepId: "left" });
    executed.length = 0;
    const second = await rerun(world, first, { stepId: "right" });
    expect(await runOf(world, "f", second)).toMatchObject({ status: "COMPLETED", output: [1, "no", "l", "r"] });
    expect(executed).toContain("right");
    expect(executed).not.toContain("a");
  });

  it.each(["nope", ""])("the step %j is refused with a sentence", async (stepId) => {
    const { world } = await stepsWorld();
    const { status, body } = await world.post(`/ui/v1/runs/${(await world.run("f")).id}/rerun`, { fromStep: { stepId } });
    expect([status, typeof body.error.message]).toEqual([400, "string"]);
  });
});
