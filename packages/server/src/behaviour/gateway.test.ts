/** Requests that the server makes for steps: `step.fetch` and `step.ai.infer`. */
import type { GatewayOutcome, GatewayRequest } from "@pawl/engine";
import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, it } from "vitest";
import type { Gateway } from "../ports/gateway.ts";
import { type TestFunction, type World, worldOf } from "./world.fixture.ts";

type SeenRequest = { readonly url: string; readonly signal: AbortSignal; readonly answer: (outcome: GatewayOutcome) => void };

/** A gateway that remembers what it is asked for, and answers when the test does. */
class ScriptedGateway implements Gateway {
  readonly requests: SeenRequest[] = [];

  request({ url }: GatewayRequest, signal: AbortSignal): Promise<GatewayOutcome> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "failure", message: "aborted", isRetryable: true }));
      this.requests.push({ url, signal, answer: resolve });
    });
  }

  async close(): Promise<void> {}
}

function response(status: number, body: string): GatewayOutcome {
  return { kind: "response", url: "https://api.example.com/", status, headers: { "content-type": "text/plain" }, body };
}

const unreachable: GatewayOutcome = { kind: "failure", message: "nobody listens", isRetryable: true };

/** A function whose only step is such a request; what it is answered is the run's output. */
function asking(op: "Gateway" | "AIGateway", rest: Omit<TestFunction, "script"> = {}): TestFunction {
  return {
    ...rest,
    script: async ({ step }) => {
      try {
        return await step.op("ask", { op, opts: { url: "https://api.example.com/", format: "openai-chat", body: {} } });
      } catch (error) {
        return { caught: String(error) };
      }
    },
  };
}

async function worldWith(
  f: TestFunction,
  store = openMemoryStore(),
): Promise<{ readonly world: World; readonly gateway: ScriptedGateway }> {
  const gateway = new ScriptedGateway();
  return { world: await worldOf({ f }, { engine: { gateway, store } }), gateway };
}

/** Answers the newest request. */
async function answerTo({ world, gateway }: Awaited<ReturnType<typeof worldWith>>, outcome: GatewayOutcome): Promise<void> {
  gateway.requests.at(-1)?.answer(outcome);
  await world.settle();
}

describe("semantics 5.7 step.fetch", () => {
  it.each([200, 404, 503])("an answer of status %i is the step's result; the app is not called meanwhile", async (status) => {
    const made = await worldWith(asking("Gateway"));
    await made.world.send("shop/f");
    await made.world.advance("1h");
    expect([made.world.calls("f").length, made.gateway.requests.length]).toEqual([1, 1]);
    await answerTo(made, response(status, "hello"));
    expect(await made.world.run("f")).toMatchObject({
      status: "COMPLETED",
      output: { url: "https://api.example.com/", status_code: status, headers: { "content-type": "text/plain" }, body: "hello" },
    });
    expect(made.world.callTimes("f")).toEqual([0, 3_600_000]);
  });

  it("nobody there: it is asked again at the delays of any attempt, and then the code gets an error that it may catch", async () => {
    const made = await worldWith(asking("Gateway", { retries: 2 }));
    await made.world.send("shop/f");
    await answerTo(made, unreachable);
    await made.world.advance("14s");
    expect(made.gateway.requests).toHaveLength(1);
    await made.world.advance("1s");
    await answerTo(made, unreachable);
    await made.world.advance("30s");
    await answerTo(made, unreachable);
    expect([made.gateway.requests.length, made.world.calls("f").length]).toEqual([3, 2]);
    expect(await made.world.run("f")).toMatchObject({
      status: "COMPLETED",
      output: { caught: expect.stringContaining("Error making gateway request: nobody listens") },
    });
  });

  it("it holds the step's slot while it lasts", async () => {
    const made = await worldWith(asking("Gateway", { options: { concurrency: 1 } }));
    await made.world.send("shop/f");
    await made.world.send("shop/f");
    await made.world.advance("1h");
    expect(made.gateway.requests).toHaveLength(1);
    await answerTo(made, response(200, "a"));
    await answerTo(made, response(200, "b"));
    await made.world.advance("0");
    expect(await made.world.statuses("f")).toEqual(["COMPLETED", "COMPLETED"]);
  });

  it("a run that is cancelled breaks its request off", async () => {
    const { world, gateway } = await worldWith(asking("Gateway"));
    await world.send("shop/f");
    await world.cancel((await world.run("f")).id);
    expect(gateway.requests[0]?.signal.aborted).toBe(true);
    await world.advance("1h");
    expect([gateway.requests.length, await world.statuses("f")]).toEqual([1, ["CANCELLED"]]);
  });

  it("one that a shutdown breaks off is made again by the next server, as the same attempt", async () => {
    const store = openMemoryStore();
    const first = await worldWith(asking("Gateway", { retries: 0 }), store);
    await first.world.send("shop/f");
    const stopped = first.world.server.engine.stop(0);
    await first.world.advance("0");
    await stopped;
    const second = await worldWith(asking("Gateway", { retries: 0 }), store);
    await second.world.advance("1m");
    expect(second.gateway.requests).toHaveLength(1);
    await answerTo(second, response(200, "b"));
    expect(await second.world.run("f")).toMatchObject({ status: "COMPLETED", output: { body: "b" } });
  });
});

describe("semantics 5.6 step.ai.infer", () => {
  it("the answer's JSON is the step's result", async () => {
    const made = await worldWith(asking("AIGateway"));
    await made.world.send("shop/f");
    await answerTo(made, response(200, '{"choices":[1]}'));
    expect(await made.world.run("f")).toMatchObject({ status: "COMPLETED", output: { choices: [1] } });
  });

  it("a status above 299 is a failure: it is tried again, and then the code gets the error", async () => {
    const made = await worldWith(asking("AIGateway", { retries: 1 }));
    await made.world.send("shop/f");
    await answerTo(made, response(529, '{"why":"busy"}'));
    await made.world.advance("15s");
    await answerTo(made, response(500, '{"why":"busy"}'));
    const { id, output } = await made.world.run("f");
    expect(output).toEqual({ caught: expect.stringContaining("unsuccessful status code: 500") });
    expect(JSON.parse((await made.world.steps(id))["ask"]?.result ?? "{}")).toMatchObject({
      error: { name: "AIGatewayError", data: { why: "busy" }, stack: '{"why":"busy"}' },
    });
  });
});
