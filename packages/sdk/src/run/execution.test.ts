import { hashStepId, RUN_COMPLETE_ID } from "@pawl/protocol";
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

describe("parallel steps", () => {
  const client = testClient();
  const fn = client.createFunction({ id: "par" }, async ({ step }) => {
    const [a, b] = await Promise.all([step.run("a", () => 1), step.run("b", () => 2)]);
    return step.run("sum", () => a + b);
  });

  test("several new steps are planned, none is run", async () => {
    expect((await call(client, fn)).wire).toMatchObject([
      { op: "StepPlanned", id: hashStepId("a"), data: null },
      { op: "StepPlanned", id: hashStepId("b"), data: null },
    ]);
  });

  test("only the step that is asked for is run and reported", async () => {
    const outcome = await call(client, fn, { stepId: hashStepId("b"), ctx: { disable_immediate_execution: true } });
    expect(outcome.wire).toMatchObject([{ op: "StepRun", id: hashStepId("b"), data: 2 }]);
  });

  test("a single step is planned while immediate execution is disabled", async () => {
    const outcome = await call(client, fn, { ...memo({ a: { data: 1 }, b: { data: 2 } }), ctx: { disable_immediate_execution: true } });
    expect(outcome.wire).toMatchObject([{ op: "StepPlanned", id: hashStepId("sum") }]);
  });

  test("the whole run", async () => {
    expect(await runToEnd(client, fn)).toMatchObject({ result: 3 });
  });

  test("a step found after long promise chains belongs to the same batch", async () => {
    const late = client.createFunction({ id: "late" }, ({ step }) => {
      const chained = async (): Promise<number> => {
        for (let i = 0; i < 30; i++) await Promise.resolve();
        return step.run("b", () => 2);
      };
      return Promise.all([step.run("a", () => 1), chained()]);
    });
    expect((await call(client, late)).wire.map((op) => op.displayName)).toEqual(["a", "b"]);
  });

  test("a race is won again by the step that finished first", async () => {
    const race = client.createFunction({ id: "race" }, async ({ step }) => {
      const winner = await Promise.race([step.run("slow", () => "slow"), step.run("fast", () => "fast")]);
      return step.run("after", () => `${winner} won`);
    });
    const first = memo({ fast: { data: "fast" }, slow: { data: "slow" } });
    expect((await call(client, race, first)).wire).toMatchObject([{ op: "StepRun", data: "fast won" }]);
  });

  test("branches are replayed in the order in which their steps finished, however long their promise chains are", async () => {
    const branches = client.createFunction({ id: "branches" }, ({ step }) => {
      const short = step.run("a", () => "a").then(() => step.run("next", () => "short"));
      const long = (async (): Promise<string> => {
        await step.run("b", () => "b");
        for (let i = 0; i < 20; i++) await Promise.resolve();
        return step.run("next", () => "long");
      })();
      return Promise.all([short, long]);
    });
    // b finished first, so "next" is the step of the long branch and "next:1" that of the short one.
    const outcome = await call(
      client,
      branches,
      memo({ b: { data: "b" }, a: { data: "a" }, next: { data: "long" }, "next:1": { data: "short" } }),
    );
    expect(outcome).toMatchObject({ kind: "complete", text: '["short","long"]' });
  });

  test("the loser of a race that decides the function is run all the same when it is asked for", async () => {
    const race = client.createFunction({ id: "loser" }, ({ step }) => Promise.race([step.run("a", () => 1), step.run("b", () => 2)]));
    const outcome = await call(client, race, { ...memo({ a: { data: 1 } }), stepId: hashStepId("b") });
    expect(outcome.wire).toMatchObject([{ op: "StepRun", id: hashStepId("b"), data: 2 }]);
  });

  test("race mode is announced, so that Promise.race is won by the first, unless a group or an option says otherwise", async () => {
    const modesOf = async (options: { readonly id: string; readonly optimizeParallelism?: boolean }): Promise<unknown[]> => {
      const racing = client.createFunction(options, ({ step, group }) =>
        Promise.all([
          group.parallel({ mode: "wait" }, () => Promise.all([step.run("a", () => 1), step.sleep("b", "1m")])),
          step.run("c", () => 3),
        ]),
      );
      return (await call(client, racing)).wire.map((op) => op.opts?.["parallelMode"]);
    };
    expect(await modesOf({ id: "grouped" })).toEqual([undefined, undefined, "race"]);
    expect(await modesOf({ id: "optimized", optimizeParallelism: true })).toEqual([undefined, undefined, undefined]);
  });

  test("a step that is asked for and already stored is reported again", async () => {
    const outcome = await call(client, fn, { ...memo({ a: { data: 7 } }), stepId: hashStepId("a") });
    expect(outcome.wire).toMatchObject([{ op: "StepRun", id: hashStepId("a"), data: 7 }]);
  });

  test("a step that is asked for and missing is reported: at once when the function ends, else after 10 s", async () => {
    const stepId = hashStepId("gone");
    const ends = client.createFunction({ id: "ends" }, () => 1);
    expect(await call(client, ends, { stepId })).toMatchObject({ kind: "missing", requestedStep: stepId, totalFoundSteps: 0 });
    const pending = call(client, fn, { stepId });
    await turn();
    client.clock.advance(10_000);
    expect(await pending).toMatchObject({
      kind: "missing",
      totalFoundSteps: 2,
      foundSteps: [{ id: hashStepId("a"), displayName: "a" }, {}],
    });
  });
});

describe("tools of the server", () => {
  test("are reported as their own ops", async () => {
    const client = testClient();
    const other = client.createFunction({ id: "score", triggers: { event: "x" } }, () => 1);
    const fn = client.createFunction({ id: "tools", optimizeParallelism: true }, ({ step }) =>
      Promise.all([
        step.sleep("nap", "1d2h"),
        step.sleep("ms", 1_500),
        step.sleepUntil("until", new Date("2030-01-01T00:00:00Z")),
        step.waitForEvent("wait", { event: "order/approved", timeout: "3d", match: "data.order" }),
        step.invoke("call", { function: other, data: { order: 9 }, timeout: "10m" }),
        step.invoke("slug", { function: "other-fn" }),
        step.waitForSignal("sig", { signal: "ready", timeout: "1h" }),
        step.fetch("https://api.example.com/rates", { headers: { accept: "text/plain" } }),
      ]),
    );
    const ops = (await call(client, fn)).wire.map(({ op, name, opts }) => ({ op, name, opts }));
    expect(ops).toEqual([
      { op: "Sleep", name: "1d2h", opts: undefined },
      { op: "Sleep", name: "1s500ms", opts: undefined },
      { op: "Sleep", name: "2030-01-01T00:00:00.000Z", opts: undefined },
      { op: "WaitForEvent", name: "order/approved", opts: { timeout: "3d", if: "event.data.order == async.data.order" } },
      { op: "InvokeFunction", name: undefined, opts: { function_id: "shop-score", payload: { data: { order: 9 } }, timeout: "10m" } },
      { op: "InvokeFunction", name: undefined, opts: { function_id: "other-fn", payload: { data: {} } } },
      { op: "WaitForSignal", name: "ready", opts: { signal: "ready", timeout: "1h", conflict: "fail" } },
      { op: "Gateway", name: undefined, opts: { url: "https://api.example.com/rates", method: "GET", headers: { accept: "text/plain" } } },
    ]);
  });

  test("say what only Pawl's server knows: look-back, several events, retries of a step, models", async () => {
    const client = testClient();
    const model = { format: "openai-chat", url: "https://ai.example/v1", authKey: "k" } as const;
    const fn = client.createFunction({ id: "own", optimizeParallelism: true }, ({ step }) =>
      Promise.all([
        step.waitForEvent("any", { event: ["a", "b"], timeout: "1h", lookBack: "5m" }),
        step.waitForEvent("run", { event: "a", timeout: "1h", lookBack: "run" }),
        step.sendEvent({ id: "send", retries: { attempts: 9, backoff: { kind: "linear", min: "2s", max: 60_000 } } }, { name: "x" }),
        step.ai.infer("ask", { model, body: { messages: [] } }),
      ]),
    );
    const ops = (await call(client, fn)).wire.map(({ op, name, opts }) => ({ op, name, opts }));
    expect(ops).toEqual([
      { op: "WaitForEvent", name: "a", opts: { timeout: "1h", events: ["a", "b"], lookBack: "5m" } },
      { op: "WaitForEvent", name: "a", opts: { timeout: "1h", lookBack: "run" } },
      {
        op: "StepPlanned",
        name: "sendEvent",
        opts: { retry: { attempts: 9, backoff: { kind: "linear", min: "2s", max: "1m" } }, type: "step.sendEvent" },
      },
      {
        op: "AIGateway",
        name: undefined,
        opts: {
          type: "step.ai.infer",
          url: "https://ai.example/v1",
          headers: {},
          auth_key: "k",
          format: "openai-chat",
          body: { messages: [] },
        },
      },
    ]);
  });

  test("resolve to what was stored", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "stored" }, async ({ step }) => {
      const slept = await step.sleep("nap", "1s");
      const signal = await step.waitForSignal<{ by: string }>("sig", { signal: "s", timeout: "1h" });
      const response = await step.fetch("https://a.example/x");
      return [slept === undefined, signal?.data.by, response.status, await response.json()];
    });
    const outcome = await call(
      client,
      fn,
      memo({
        nap: null,
        sig: { data: { signal: "s", data: { by: "ops" } } },
        "step.fetch: a.example": { data: { status_code: 201, headers: {}, body: '{"eur":1}' } },
      }),
    );
    expect(outcome).toMatchObject({ text: '[true,"ops",201,{"eur":1}]' });
  });

  test("a mistake in their arguments fails the run with a clear message", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "bad" }, ({ step }) => step.sleep("nap", "soon" as "1s"));
    expect(await call(client, fn)).toMatchObject({
      kind: "error",
      error: { message: expect.stringContaining('Step "nap": expected milliseconds or a duration') },
    });
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
