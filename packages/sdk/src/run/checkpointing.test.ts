import { hashStepId, RUN_COMPLETE_ID } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { call, runToEnd, testClient, turn } from "./call.fixture.ts";

describe("checkpointing", () => {
  const events: string[] = [];
  const make = (options: Parameters<typeof testClient>[0] = {}) => {
    events.length = 0;
    const client = testClient(options);
    const fn = client.createFunction({ id: "cp" }, async ({ step }) => {
      const a = await step.run("a", () => (events.push("run a"), 1));
      const b = await step.run("b", () => (events.push("run b"), a + 1));
      return a + b;
    });
    const save = (ops: readonly { readonly displayName?: string | null }[]): "saved" => {
      events.push(`save ${ops.map((op) => op.displayName).join()}`);
      return "saved";
    };
    return { client, fn, save };
  };

  test("each result is saved before the next step begins, and the last travels with the end of the run", async () => {
    const { client, fn, save } = make();
    const outcome = await call(client, fn, { save });
    expect(events).toEqual(["run a", "save a", "run b"]);
    expect(outcome.wire).toMatchObject([
      { op: "StepRun", id: hashStepId("b"), data: 2 },
      { op: "RunComplete", id: RUN_COMPLETE_ID, data: 3 },
    ]);
    expect(client.clock.timerCount).toBe(0);
  });

  test("a function of one step needs no checkpoint at all", async () => {
    const { client, save } = make();
    const one = client.createFunction({ id: "one" }, ({ step }) => step.run("a", () => 1));
    expect((await call(client, one, { save })).wire).toMatchObject([{ op: "StepRun" }, { op: "RunComplete", data: 1 }]);
    expect(events).toEqual([]);
  });

  test("values are what a replay would yield", async () => {
    const { client, save } = make();
    const dates = client.createFunction({ id: "dates" }, async ({ step }) => {
      const date = await step.run("date", () => ({ at: new Date(0), gone: undefined }));
      return [typeof date.at, Object.keys(date)];
    });
    expect((await call(client, dates, { save })).wire[1]).toMatchObject({ data: ["string", ["at"]] });
  });

  test("a result isn't held back while the function does something else", async () => {
    const { client, save } = make();
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const busy = client.createFunction({ id: "busy" }, async ({ step }) => {
      await step.run("a", () => 1);
      await gate;
      return "done";
    });
    const pending = call(client, busy, { save });
    await turn();
    expect(events).toEqual([]);
    client.clock.advance(5);
    await turn();
    expect(events).toEqual(["save a"]);
    release();
    expect((await pending).wire).toMatchObject([{ op: "RunComplete", data: "done" }]);
  });

  test("with a larger buffer, steps go on until it is full", async () => {
    const { client, fn, save } = make({ checkpointing: { bufferedSteps: 2 } });
    const outcome = await call(client, fn, { save });
    expect(events).toEqual(["run a", "run b"]);
    expect(outcome.wire.map((op) => op.op)).toEqual(["StepRun", "StepRun", "RunComplete"]);
  });

  test("with a larger buffer, an interval bounds the time", async () => {
    const { client, save } = make({ checkpointing: { bufferedSteps: 5, maxInterval: "2s" } });
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = client.createFunction({ id: "slow" }, async ({ step }) => {
      await step.run("a", () => 1);
      return step.run("b", () => gate.then(() => 2));
    });
    const pending = call(client, slow, { save });
    await turn();
    client.clock.advance(2_000);
    await turn();
    expect(events).toEqual(["save a"]);
    release();
    expect((await pending).wire.map((op) => op.op)).toEqual(["StepRun", "RunComplete"]);
  });

  test("what only the server can do is returned after all results are saved", async () => {
    const { client, save } = make();
    const sleepy = client.createFunction({ id: "sleepy" }, async ({ step }) => {
      await step.run("a", () => 1);
      await step.sleep("nap", "1h");
    });
    expect((await call(client, sleepy, { save })).wire).toMatchObject([{ op: "Sleep", name: "1h" }]);
    expect(events).toEqual(["save a"]);
  });

  test("a failing step is returned after all results are saved", async () => {
    const { client, save } = make();
    const fails = client.createFunction({ id: "fails" }, async ({ step }) => {
      await step.run("a", () => 1);
      await step.run("b", () => Promise.reject(new Error("no")));
    });
    expect((await call(client, fails, { save })).wire).toMatchObject([{ op: "StepError", id: hashStepId("b") }]);
    expect(events).toEqual(["save a"]);
  });

  test("a function that throws after a step saves the step first", async () => {
    const { client, save } = make();
    const throws = client.createFunction({ id: "throws" }, async ({ step }) => {
      await step.run("a", () => 1);
      throw new Error("later");
    });
    expect(await call(client, throws, { save })).toMatchObject({ kind: "error", noRetry: false, error: { message: "later" } });
    expect(events).toEqual(["save a"]);
  });

  test("on a later attempt, the first result is returned", async () => {
    const { client, fn, save } = make();
    expect((await call(client, fn, { save, ctx: { attempt: 1 } })).wire).toMatchObject([{ op: "StepRun", id: hashStepId("a") }]);
    expect(events).toEqual(["run a"]);
  });

  test("a stale call stops at once and runs nothing more", async () => {
    const { client } = make();
    let signal: AbortSignal | undefined;
    const fn = client.createFunction({ id: "stale" }, async (ctx) => {
      signal = ctx.signal;
      await ctx.step.run("a", () => 1);
      await ctx.step.run("b", () => events.push("run b"));
    });
    expect(await call(client, fn, { save: () => "stale" })).toMatchObject({ kind: "error", noRetry: true });
    await turn();
    expect(events).toEqual([]);
    expect(signal?.aborted).toBe(true);
  });

  test("when saving fails, the results are returned instead", async () => {
    const { client, fn } = make();
    expect((await call(client, fn, { save: () => "failed" })).wire).toMatchObject([{ op: "StepRun", id: hashStepId("a") }]);
    expect(events).toEqual(["run a"]);
  });

  test("after the longest runtime, the call returns at the next step", async () => {
    const { client, save } = make({ checkpointing: { maxRuntime: "1s" } });
    const long = client.createFunction({ id: "long" }, async ({ step }) => {
      await step.run("a", () => client.clock.advance(1_000));
      await step.run("b", () => events.push("run b"));
    });
    expect((await call(client, long, { save })).wire).toMatchObject([{ op: "StepRun", id: hashStepId("a") }]);
    expect(events).toEqual([]);
    const outcome = await call(
      client,
      client.createFunction({ id: "long2" }, async ({ step }) => {
        client.clock.advance(1_000);
        await step.run("b", () => 1);
      }),
      { save },
    );
    expect(outcome.wire).toMatchObject([{ op: "StepPlanned", id: hashStepId("b") }]);
  });

  test("parallel steps are planned, after which the run goes on", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "mixed" }, async ({ step }) => {
      const a = await step.run("a", () => 1);
      const [b, c] = await Promise.all([step.run("b", () => a + 1), step.run("c", () => a + 2)]);
      await step.sleep("nap", "1h");
      const d = await step.run("d", () => b + c);
      return step.run("e", () => d * 2);
    });
    expect(await runToEnd(client, fn, { isCheckpointing: true })).toEqual({ result: 10, error: undefined, calls: 5, checkpoints: 2 });
    expect(await runToEnd(client, fn)).toMatchObject({ result: 10, checkpoints: 0 });
  });

  test("it can be switched off for a function", async () => {
    const { client, save } = make();
    const off = client.createFunction({ id: "off", checkpointing: false }, ({ step }) => step.run("a", () => 1));
    expect((await call(client, off, { save })).wire.map((op) => op.op)).toEqual(["StepRun"]);
  });
});
