import { hashStepId } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { NonRetriableError, RetryAfterError, StepError } from "../error/errors.ts";
import { call, memo, runToEnd, testClient, turn } from "./call.fixture.ts";

describe("sequential steps", () => {
  const client = testClient();
  let ran: string[] = [];
  const fn = client.createFunction({ id: "seq" }, async ({ step }) => {
    const a = await step.run("a", () => (ran.push("a"), { n: 1 }));
    const b = await step.run("b", () => (ran.push("b"), a.n + 1));
    return a.n + b;
  });

  test("a new step is run and reported", async () => {
    ran = [];
    const outcome = await call(client, fn);
    expect(outcome.wire).toMatchObject([
      { op: "StepRun", id: hashStepId("a"), name: "a", displayName: "a", data: { n: 1 }, userland: { id: "a" }, timing: { b: 0 } },
    ]);
    expect(outcome).toMatchObject({ kind: "ops" });
    expect(ran).toEqual(["a"]);
  });

  test("a remembered step isn't run again", async () => {
    ran = [];
    const outcome = await call(client, fn, memo({ a: { data: { n: 1 } } }));
    expect(outcome.wire).toMatchObject([{ op: "StepRun", id: hashStepId("b"), data: 2 }]);
    expect(ran).toEqual(["b"]);
  });

  test("the function's result is the answer when all is remembered", async () => {
    expect(await call(client, fn, memo({ a: { data: { n: 1 } }, b: { data: 2 } }))).toMatchObject({ kind: "complete", text: "3" });
  });

  test("without a stack, the order of the stored steps counts", async () => {
    const outcome = await call(client, fn, { steps: memo({ a: { data: { n: 1 } }, b: { data: 2 } }).steps, stack: [] });
    expect(outcome).toMatchObject({ kind: "complete", text: "3" });
  });

  test("nothing at all to return is null", async () => {
    const empty = client.createFunction({ id: "empty" }, () => undefined);
    expect(await call(client, empty)).toMatchObject({ kind: "complete", text: "null" });
  });

  test("input is passed, recorded, and replaced by the server's", async () => {
    const add = client.createFunction({ id: "add" }, ({ step }) => step.run("add", (a: number, b: number) => a + b, 1, 2));
    expect((await call(client, add)).wire).toMatchObject([{ op: "StepRun", data: 3, opts: { input: [1, 2] } }]);
    const outcome = await call(client, add, { steps: { [hashStepId("add")]: { input: [5, 6] } }, stack: [] });
    expect(outcome.wire).toMatchObject([{ op: "StepRun", data: 11, opts: { input: [5, 6] } }]);
  });

  test("an object that only looks like a wrapper is the value itself", async () => {
    const wait = client.createFunction({ id: "w" }, ({ step }) => step.waitForEvent("w", { event: "x", timeout: "1h" }));
    const awaited = { name: "x", data: { ok: 1 }, id: "1", ts: 1, user: {} };
    expect(await call(client, wait, memo({ w: awaited }))).toMatchObject({ kind: "complete", text: JSON.stringify(awaited) });
    expect(await call(client, wait, memo({ w: null }))).toMatchObject({ text: "null" });
  });
});

describe("identity", () => {
  test("repeated ids are numbered, and explicit numbers are skipped", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "ids" }, ({ step }) =>
      Promise.all([
        step.run("send", () => 0),
        step.run("send:1", () => 1),
        step.run("send", () => 2),
        step.run({ id: "send", name: "Third" }, () => 3),
      ]),
    );
    expect((await call(client, fn)).wire.map(({ id, userland, displayName }) => ({ id, userland, displayName }))).toEqual([
      { id: hashStepId("send"), userland: { id: "send" }, displayName: "send" },
      { id: hashStepId("send:1"), userland: { id: "send:1" }, displayName: "send:1" },
      { id: hashStepId("send:2"), userland: { id: "send", index: 2 }, displayName: "send" },
      { id: hashStepId("send:3"), userland: { id: "send", index: 3 }, displayName: "Third" },
    ]);
  });

  test("steps of a loop get their own results", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "loop" }, async ({ step }) => {
      const seen: number[] = [];
      for (let i = 0; i < 5; i++) seen.push(await step.run("tick", () => i * 10));
      return seen;
    });
    expect(await runToEnd(client, fn)).toMatchObject({ result: [0, 10, 20, 30, 40], calls: 6 });
  });
});

describe("errors", () => {
  const client = testClient();
  const failing = (error: unknown) =>
    client.createFunction({ id: `f${Math.random()}` }, ({ step }) =>
      step.run("charge", () => {
        throw error;
      }),
    );

  test("a failed attempt is reported and may be tried again", async () => {
    const error = Object.assign(new TypeError("card is undefined", { cause: new Error("root") }), { code: "E_CARD", declined: true });
    const outcome = await call(client, failing(error));
    expect(outcome).toMatchObject({ kind: "ops", noRetry: false });
    expect(outcome.wire).toMatchObject([
      {
        op: "StepError",
        data: null,
        error: { name: "TypeError", message: "card is undefined", code: "E_CARD", cause: { message: "root" }, data: { declined: true } },
      },
    ]);
  });

  test("the last attempt is final", async () => {
    const outcome = await call(client, failing(new Error("no")), { ctx: { attempt: 3, max_attempts: 4 } });
    expect(outcome).toMatchObject({ noRetry: true });
    expect(outcome.wire).toMatchObject([{ op: "StepFailed", error: { message: "no" } }]);
  });

  test("a step's own retries travel with it and decide which attempt is its last", async () => {
    const retries = { attempts: 5, backoff: { min: "10s" } } as const;
    const stubborn = client.createFunction({ id: "stubborn" }, ({ step }) =>
      step.run({ id: "charge", retries }, () => {
        throw new Error("no");
      }),
    );
    const planned = await call(client, stubborn, { ctx: { disable_immediate_execution: true } });
    expect(planned.wire).toMatchObject([{ op: "StepPlanned", opts: { retry: retries } }]);
    const at = async (attempt: number) => (await call(client, stubborn, { ctx: { attempt, max_attempts: 4 } })).wire;
    expect(await at(4)).toMatchObject([{ op: "StepError", opts: { retry: retries } }]);
    expect(await at(5)).toMatchObject([{ op: "StepFailed" }]);
    const once = client.createFunction({ id: "once" }, ({ step }) =>
      step.run({ id: "charge", retries: 0 }, () => {
        throw new Error("no");
      }),
    );
    expect(await call(client, once)).toMatchObject({ noRetry: true, wire: [{ op: "StepFailed", opts: { retry: { attempts: 0 } } }] });
  });

  test("wrong retries of a step end the call with a message that names them", async () => {
    const fn = client.createFunction({ id: "wrong" }, ({ step }) => step.run({ id: "a", retries: { attempts: 21 } }, () => 1));
    expect(await call(client, fn)).toMatchObject({
      kind: "error",
      error: { message: 'Step "a", option `retries.attempts`: expected a whole number from 0 to 20, received 21.' },
    });
  });

  test("a NonRetriableError is final; so is one of another copy of the package", async () => {
    expect(await call(client, failing(new NonRetriableError("no")))).toMatchObject({ noRetry: true });
    const foreign = Object.assign(new Error("no"), { name: "NonRetriableError" });
    expect((await call(client, failing(foreign))).wire).toMatchObject([{ op: "StepFailed" }]);
  });

  test("a RetryAfterError chooses the time", async () => {
    expect(await call(client, failing(new RetryAfterError("busy", 1_500)))).toMatchObject({ retryAfter: "2", noRetry: false });
    expect(await call(client, failing(new RetryAfterError("busy", "1m")))).toMatchObject({ retryAfter: "60" });
    expect(await call(client, failing(new RetryAfterError("busy", new Date(0))))).toMatchObject({ retryAfter: "1970-01-01T00:00:00.000Z" });
  });

  test("what is thrown may be anything", async () => {
    expect((await call(client, failing("just text"))).wire).toMatchObject([{ error: { name: "Error", message: "just text" } }]);
    expect((await call(client, failing({ a: 1 }))).wire).toMatchObject([{ error: { name: "Error", message: '{"a":1}' } }]);
  });

  test("a result that JSON can't hold fails the step and names the place", async () => {
    const fn = client.createFunction({ id: "bigint" }, ({ step }) => step.run("a", () => ({ rows: [{ id: 1n }] })));
    expect((await call(client, fn)).wire).toMatchObject([
      { op: "StepError", error: { message: expect.stringContaining('the bigint at The result of step "a".rows[0].id') } },
    ]);
  });

  const catching = client.createFunction({ id: "catching" }, async ({ step }) => {
    try {
      return await step.run("charge", () => "never");
    } catch (error) {
      return StepError.is(error) ? [error.stepId, error.name, error.message, error.code, (error.cause as Error).message] : "?";
    }
  });
  const failed = memo({
    charge: { error: { name: "TypeError", message: "no card", code: "E", cause: { name: "Error", message: "root" } } },
  });

  test("a step that failed for good can be caught", async () => {
    expect(await call(client, catching, failed)).toMatchObject({ kind: "complete", text: '["charge","TypeError","no card","E","root"]' });
  });

  test("a step error that escapes ends the run without retries; another error doesn't", async () => {
    const escaping = client.createFunction({ id: "escaping" }, ({ step }) => step.run("charge", () => 1));
    expect(await call(client, escaping, failed)).toMatchObject({
      kind: "error",
      noRetry: true,
      error: { name: "TypeError", message: "no card" },
    });
    const other = client.createFunction({ id: "other" }, () => {
      throw new Error("upstream busy");
    });
    expect(await call(client, other)).toMatchObject({
      kind: "error",
      noRetry: false,
      error: { message: "upstream busy", __serialized: true },
    });
  });

  test("a failed step that nobody awaits is no unhandled rejection", async () => {
    const floating = client.createFunction({ id: "floating" }, async ({ step }) => {
      void step.run("charge", () => 1);
      await step.run("b", () => 2);
      return "done";
    });
    expect(await call(client, floating, { ...memo({ charge: { error: { name: "Error", message: "x" } }, b: { data: 2 } }) })).toMatchObject(
      { text: '"done"' },
    );
  });

  test("a step inside a step is refused, even after an await", async () => {
    const nested = client.createFunction({ id: "nested" }, ({ step }) =>
      step.run("outer", async () => {
        await turn();
        return step.run("inner", () => 1);
      }),
    );
    expect((await call(client, nested)).wire).toMatchObject([
      {
        op: "StepFailed",
        error: { name: "NestedStepError", message: expect.stringContaining('Step "inner" was called inside the callback of step "outer"') },
      },
    ]);
  });
});

describe("drift", () => {
  test("a new step before remembered ones is warned of", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "drift" }, async ({ step }) => {
      await step.run("inserted", () => 0);
      return step.run("a", () => 1);
    });
    await call(client, fn, memo({ a: { data: 1 } }));
    expect(client.logs).toEqual([expect.stringContaining('Step "inserted" is new, but 1 step(s)')]);
  });

  test("a remembered step that is gone is ignored", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "gone" }, ({ step }) => step.run("b", () => 1));
    expect(await call(client, fn, memo({ a: { data: 0 }, b: { data: 1 } }))).toMatchObject({ text: "1" });
  });

  test("the function's logger is silent during replay", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "log" }, async ({ step, logger }) => {
      logger.info("before a");
      await step.run("a", () => 1);
      logger.info("after a");
      await step.run("b", () => 1);
    });
    await call(client, fn, memo({ a: { data: 1 } }));
    expect(client.logs).toEqual(["after a"]);
  });
});
