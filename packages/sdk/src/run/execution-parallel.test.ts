import { hashStepId } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { call, memo, runToEnd, testClient, turn } from "./call.fixture.ts";

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
