/** What a call to the app says, and what its answers mean. */
import { describe, expect, it } from "vitest";
import { hashStepId } from "@pawl/protocol";
import { runIds, stepSpanId } from "../tracing/span-ids.ts";
import { sdkAnswer, worldOf } from "./world.fixture.ts";

describe("semantics 4.1 the call", () => {
  it("the first one: discovery, no steps, request version -1", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    const eventId = await world.send("shop/f", { n: 1 });
    const [call] = world.calls("f");
    const { id, functionId } = await world.run("f");
    expect(call?.body).toMatchObject({
      event: { name: "shop/f", data: { n: 1 }, id: eventId },
      events: [{ id: eventId }],
      steps: {},
      version: -1,
      use_api: false,
      ctx: { run_id: id, fn_id: functionId, step_id: "step", attempt: 0, max_attempts: 5, disable_immediate_execution: false },
    });
    expect(call?.body.ctx.stack).toEqual({ stack: [], current: 0 });
    expect(call?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "Pawl",
      "x-run-id": id,
      "x-inngest-generation-id": "1",
      "x-inngest-req-version": "-1",
      "x-inngest-step-id": "step",
      "account-id": "00000000-0000-4000-a000-000000000000",
    });
  });

  it("each names its trace: the run's, the span of the step or the run, and what spans of users' code are to repeat", async () => {
    const world = await worldOf({ f: { script: ({ step }) => Promise.all([step.run("a", () => 1), step.run("b", () => 2)]) } });
    await world.send("shop/f");
    const { id, functionId, appId } = await world.run("f");
    const { traceId, spanId } = runIds(id);
    const spanIds = world.calls("f").map(({ headers: { traceparent = "", tracestate = "" } }) => {
      const [, trace, span] = traceparent.split("-");
      expect(trace).toBe(traceId);
      const [reference = "", ...members] = tracestate.split(",");
      expect(members).toEqual([`inngest@app=${appId}`, `inngest@fn=${functionId}`]);
      expect(JSON.parse(decodeURIComponent(reference.replace("inngest@traceref=", "")))).toEqual({
        tp: traceparent,
        ts: members.join(","),
      });
      return span;
    });
    expect(spanIds).toEqual([spanId, stepSpanId(hashStepId("a")), stepSpanId(hashStepId("b")), spanId]);
  });

  it("later ones bring what is done, in the order it was done, and the app's request version", async () => {
    const world = await worldOf({
      f: {
        script: async ({ step }) => {
          await step.run("a", () => ({ x: 1 }));
          await step.sleep("nap", "1s");
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const last = world.calls("f").at(-1);
    expect(last?.body).toMatchObject({
      version: 2,
      steps: { [hashStepId("a")]: { data: { x: 1 } }, [hashStepId("nap")]: null },
      ctx: { stack: { stack: [hashStepId("a"), hashStepId("nap")], current: 2 } },
    });
  });

  it("a planned step is named by the query and the header; ctx.step_id stays what it is", async () => {
    const world = await worldOf({
      f: { script: ({ step }) => Promise.all([step.run("a", () => 1), step.run("b", () => 2)]) },
    });
    await world.send("shop/f");
    const targets = world.calls("f").slice(1, 3);
    expect(targets.map(({ stepId }) => stepId)).toEqual([hashStepId("a"), hashStepId("b")]);
    for (const { headers, body, stepId } of targets) {
      expect(headers["x-inngest-step-id"]).toBe(stepId);
      expect(body.ctx).toMatchObject({ step_id: "step", disable_immediate_execution: true });
    }
  });

  it("each dispatch has its own request id; the job keeps its id over retries, and its generation grows", async () => {
    const world = await worldOf({
      f: { script: ({ attempt }) => (attempt === 0 ? Promise.reject(new Error("busy")) : "done") },
    });
    await world.send("shop/f");
    await world.advance("15s");
    const [first, second] = world.calls("f");
    expect(second?.headers["x-inngest-job-id"]).toBe(first?.headers["x-inngest-job-id"]);
    expect(second?.headers["x-request-id"]).not.toBe(first?.headers["x-request-id"]);
    expect([first?.generation, second?.generation]).toEqual([1, 2]);
  });

  it("with a signing key calls are signed, else not", async () => {
    const open = await worldOf({ f: { script: () => 1 } });
    await open.send("shop/f");
    expect(open.calls("f")[0]?.headers["x-inngest-signature"]).toBeUndefined();
    const signed = await worldOf({ f: { script: () => 1 } }, { server: { signingKey: "abcd" } });
    await signed.send("shop/f");
    expect(signed.calls("f")[0]?.headers["x-inngest-signature"]).toMatch(/^t=\d+&s=[0-9a-f]{64}$/);
  });

  it("state that is too large for a call is fetched by the app", async () => {
    const world = await worldOf({
      f: {
        answer: async ({ body: { ctx } }) => {
          const done = world.calls("f").length - 1;
          if (done < 2) return sdkAnswer(206, [{ op: "StepRun", id: `s${done}`, data: "x".repeat(3_000_000) }]);
          const [steps, events] = await Promise.all(["actions", "batch"].map((part) => world.get(`/v0/runs/${ctx.run_id}/${part}`)));
          return sdkAnswer(200, [ctx.use_api, Object.keys(steps?.body ?? {}), events?.body.length]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const run = await world.run("f");
    expect(run).toMatchObject({ status: "COMPLETED", output: [true, ["s0", "s1"], 1] });
    expect(world.calls("f").at(-1)?.body.steps).toEqual({});
    expect((await world.get(`/v0/runs/${run.id}/actions`)).status).toBe(410);
  });

  it("a call that is not answered within two hours fails its attempt", async () => {
    const world = await worldOf({ f: { retries: 0, answer: () => new Promise(() => {}) } });
    await world.send("shop/f");
    await world.advance("1h59m");
    expect((await world.run("f")).status).toBe("RUNNING");
    await world.advance("1m");
    expect(await world.run("f")).toMatchObject({ status: "FAILED", error: { error: "request_duration_too_long" } });
  });
});

describe("semantics 4.2 response classification", () => {
  const page = (status: number) => ({ kind: "response", status, headers: { "content-type": "text/html" }, body: "<p>Oops</p>" }) as const;

  it.each([
    ["200 of an SDK is the function's result", sdkAnswer(200, { ok: 1 }), "COMPLETED", undefined],
    ["204 of an SDK is a result, too", sdkAnswer(204, null), "COMPLETED", undefined],
    ["200 of anything else is not", page(200), "FAILED", "did not come from an SDK"],
    ["206 of anything else is not", page(206), "FAILED", "did not come from an SDK"],
    ["500 of an SDK is the function's error", sdkAnswer(500, { name: "E", message: "busy" }), "FAILED", "busy"],
    ["502 of a proxy says so", page(502), "FAILED", "Your server returned HTTP 502 before the SDK responded."],
    ["a streamed answer is its inner one", sdkAnswer(201, { status: 200, body: '"in"' }), "COMPLETED", undefined],
    ["a streamed error, too", sdkAnswer(201, { status: 500, body: '{"name":"E","message":"in"}' }), "FAILED", "in"],
  ] as const)("what an answer means: %s", async (...[, answer, status, message]) => {
    const world = await worldOf({ f: { retries: 0, answer: () => answer } });
    await world.send("shop/f");
    const run = await world.run("f");
    expect(run.status).toBe(status);
    if (message !== undefined) expect(run.error?.message).toContain(message);
  });

  it("an output of more than 4 MiB fails its step, with the size", async () => {
    const world = await worldOf({ f: { retries: 0, script: ({ step }) => step.run("big", () => "x".repeat(4 * 1_024 * 1_024)) } });
    await world.send("shop/f");
    const { status, error } = await world.run("f");
    expect(status).toBe("FAILED");
    expect(error?.message).toContain("at most 4194304 can be stored");
  });

  it("the newest 4xx without a header are tried again, as any error", async () => {
    const world = await worldOf({ f: { retries: 1, answer: () => sdkAnswer(400, { name: "E", message: "m" }) } });
    await world.send("shop/f");
    await world.advance("1m");
    expect(world.calls("f")).toHaveLength(2);
  });
});
