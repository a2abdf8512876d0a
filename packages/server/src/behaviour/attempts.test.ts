/** Attempts: how often, how long apart, and who counts. */
import { describe, expect, it } from "vitest";
import { NoRetryError, RetryAfterError, START, sdkAnswer, StepFailure, type World, worldOf } from "./world.fixture.ts";

const fails = (): never => {
  throw new Error("busy");
};

/** Seconds between calls. */
function gaps(times: readonly number[]): readonly number[] {
  return times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / 1_000);
}

async function until(world: World, duration = "2d"): Promise<void> {
  await world.advance(duration);
}

describe("semantics 4.3 attempts, retries, backoff", () => {
  it("a function that does not say is tried five times, then its run fails", async () => {
    const world = await worldOf({ f: { script: fails } });
    await world.send("shop/f");
    await until(world);
    expect(world.calls("f").map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3, 4]);
    expect(gaps(world.callTimes("f"))).toEqual([15, 30, 60, 120]);
    expect(world.calls("f")[0]?.body.ctx.max_attempts).toBe(5);
    expect(await world.run("f")).toMatchObject({ status: "FAILED", error: { name: "Error", message: "busy" } });
  });

  it("the whole table of delays; more than 20 retries are lowered to 20", async () => {
    const world = await worldOf({ f: { retries: 50, script: fails } });
    await world.send("shop/f");
    await until(world);
    const table = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600];
    expect(gaps(world.callTimes("f"))).toEqual([...table, ...Array.from({ length: 11 }, () => 7_200)]);
  });

  it("up to 30 seconds are added by chance", async () => {
    const world = await worldOf({ f: { retries: 1, script: fails } }, { jitterMs: 29_999 });
    await world.send("shop/f");
    await until(world);
    expect(gaps(world.callTimes("f"))).toEqual([44.999]);
  });

  it("no retries: one attempt", async () => {
    const world = await worldOf({ f: { retries: 0, script: fails } });
    await world.send("shop/f");
    expect((await world.run("f")).status).toBe("FAILED");
  });

  it("a constant interval replaces the table and its chance", async () => {
    const world = await worldOf({ f: { retries: 2, script: fails } }, { jitterMs: 20_000, engine: { retryIntervalMs: 3_000 } });
    await world.send("shop/f");
    await until(world);
    expect(gaps(world.callTimes("f"))).toEqual([3, 3]);
  });

  it("each step counts for itself, and so does the function's code after it", async () => {
    const failures = new Map<string, number>();
    const failing = (id: string, times: number) => (): string => {
      const count = (failures.get(id) ?? 0) + 1;
      failures.set(id, count);
      if (count <= times) throw new Error(id);
      return id;
    };
    const world = await worldOf({
      f: {
        retries: 2,
        script: async ({ step }) => {
          await step.run("a", failing("a", 2));
          await step.run("b", failing("b", 2));
          return failing("body", 2)();
        },
      },
    });
    await world.send("shop/f");
    await until(world);
    expect(world.calls("f").map(({ attempt }) => attempt)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: "body" });
  });

  it.each([
    ["5", 5],
    ["0.5", 15],
    ["90000", 86_400],
    [new Date(START + 120_000).toUTCString(), 120],
    [new Date(START - 120_000).toISOString(), 1],
    ["nonsense text", 15],
  ])("Retry-After %s of a step or a function sets the delay, within 1 s and 24 h", async (text, seconds) => {
    const late = (): never => {
      throw new RetryAfterError("later", text);
    };
    const world = await worldOf({
      body: { on: "shop/f", retries: 1, script: late },
      step: { on: "shop/f", retries: 1, script: ({ step }) => step.run("a", late) },
    });
    await world.send("shop/f");
    await until(world);
    expect(gaps(world.callTimes("body"))).toEqual([seconds]);
    expect(gaps(world.callTimes("step").slice(0, 2))).toEqual([seconds]);
  });

  it("what may not be retried is not", async () => {
    const never = (): never => {
      throw new NoRetryError("bad card");
    };
    const world = await worldOf({
      body: { on: "shop/f", script: never },
      step: { on: "shop/f", script: ({ step }) => step.run("a", never) },
    });
    await world.send("shop/f");
    await until(world);
    expect([world.calls("body").length, (await world.run("body")).error?.message]).toEqual([1, "bad card"]);
    // One for the step, one for the function's code that does not catch its error.
    expect([world.calls("step").length, (await world.run("step")).status]).toEqual([2, "FAILED"]);
  });

  it("retries of a new registration count for attempts to come", async () => {
    const world = await worldOf({ f: { retries: 4, script: ({ step }) => step.run("a", fails) } });
    await world.send("shop/f");
    await world.advance("1s");
    await world.register({ f: { retries: 0 } });
    await until(world);
    // The item under way keeps its number; the code after the step has the new one.
    expect(world.calls("f").map(({ body }) => body.ctx.max_attempts)).toEqual([5, 5, 5, 5, 5, 1]);
  });

  it.each([
    ["an answer with garbage", () => ({ ...sdkAnswer(206, null), body: "<html>" })],
    ["nobody there", () => ({ kind: "no-response", code: "http_unreachable", message: "refused" }) as const],
    ["200 from something else", () => ({ kind: "response", status: 200, headers: {}, body: "ok" }) as const],
    ["an error page", () => ({ kind: "response", status: 502, headers: {}, body: "Bad Gateway" }) as const],
  ])("%s is an attempt that failed", async (_what, answer) => {
    const world = await worldOf({
      f: { retries: 1, answer: ({ attempt }) => (attempt === 0 ? answer() : sdkAnswer(200, "done")) },
    });
    await world.send("shop/f");
    expect((await world.run("f")).status).toBe("RUNNING");
    await world.advance("15s");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: "done" });
  });
});

describe("semantics 4.5 function error and step error", () => {
  it("a step that failed for good is seen by the function's code, which may catch it", async () => {
    const world = await worldOf({
      f: {
        retries: 1,
        script: async ({ step }) => {
          try {
            return await step.run("a", fails);
          } catch (error) {
            return error instanceof StepFailure ? { caught: error.error } : "other";
          }
        },
      },
    });
    await world.send("shop/f");
    await until(world);
    expect(world.calls("f").map(({ attempt }) => attempt)).toEqual([0, 1, 0]);
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: { caught: { name: "Error", message: "busy" } } });
  });

  it("one that the code does not catch fails the run at once", async () => {
    const world = await worldOf({ f: { retries: 1, script: ({ step }) => step.run("a", fails) } });
    await world.send("shop/f");
    await world.advance("15s");
    expect(await world.run("f")).toMatchObject({ status: "FAILED", ended: 15_000, error: { message: "busy" } });
  });

  it("an error has a name, a message, and the stack and cause where it has them", async () => {
    const body = { name: "TypeError", message: "no card", stack: "TypeError: no card\n  at pay", cause: { code: 7 } };
    const world = await worldOf({
      full: { on: "shop/f", retries: 0, answer: () => sdkAnswer(500, body) },
      empty: { on: "shop/f", retries: 0, answer: () => sdkAnswer(500, {}) },
    });
    await world.send("shop/f");
    expect((await world.run("full")).error).toMatchObject(body);
    expect((await world.run("empty")).error).toMatchObject({ name: "Error", message: "Function execution error" });
  });

  it("every attempt that failed is kept for people", async () => {
    const world = await worldOf({ f: { retries: 2, script: ({ step }) => step.run("a", fails) } });
    await world.send("shop/f");
    await until(world);
    const { id } = await world.run("f");
    const detail = await world.server.engine.store.history.runDetail(id);
    expect(detail?.attempts.map(({ attempt, stepId }) => [attempt, stepId === "function"])).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [0, true],
    ]);
  });
});
