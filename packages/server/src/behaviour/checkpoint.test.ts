/** Steps saved in the middle of a call. */
import { HEADER } from "@pawl/protocol";
import { describe, expect, it } from "vitest";
import { type SeenCall, sdkAnswer, type World, worldOf } from "./world.fixture.ts";

/** Saves steps as a call's app does it. */
async function save(
  world: World,
  { body }: SeenCall,
  steps: readonly unknown[],
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { run_id, fn_id, qi_id, request_id, generation_id } = body.ctx;
  return world.post(`/v1/checkpoint/${run_id}/async`, { run_id, fn_id, qi_id, request_id, generation_id, steps });
}

const done = (id: string, data: unknown = id): object => ({ op: "StepRun", id, data });

describe("semantics 12.2 async checkpointing", () => {
  it("steps are stored while the call goes on, and nothing else is scheduled", async () => {
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          expect((await save(world, call, [done("a"), done("b")])).status).toBe(200);
          await world.takes("10s");
          return sdkAnswer(206, [{ op: "RunComplete", id: "end", data: "done" }]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const { id } = await world.run("f");
    expect(Object.values(await world.steps(id)).map(({ status }) => status)).toEqual(["completed", "completed"]);
    expect(world.calls("f")).toHaveLength(1);
    await world.advance("10s");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: "done", stepsDone: 2 });
  });

  it("the path /v1/http/runs takes them, too", async () => {
    const world: World = await worldOf({
      f: {
        answer: async ({ body: { ctx, steps } }) => {
          if ("a" in steps) return sdkAnswer(200, steps);
          const { run_id, qi_id, generation_id } = ctx;
          const saved = await world.post(`/v1/http/runs/${run_id}/async`, { run_id, qi_id, generation_id, steps: [done("a")] });
          return sdkAnswer(206, [done("b", saved.status)]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    expect((await world.run("f")).output).toEqual({ a: { data: "a" }, b: { data: 200 } });
  });

  it("the body is read whatever its type is said to be; what is no object is 400, and does not stop the call", async () => {
    const world: World = await worldOf({
      f: {
        answer: async ({ body: { ctx, steps } }) => {
          if ("a" in steps) return sdkAnswer(200, steps);
          const { run_id, qi_id, generation_id } = ctx;
          const send = async (payload: string, type: string): Promise<number> => {
            const request = { method: "POST", url: `/v1/checkpoint/${run_id}/async`, payload } as const;
            return (await world.server.http.inject({ ...request, headers: { host: "localhost:8288", "content-type": type } })).statusCode;
          };
          const good = JSON.stringify({ run_id, qi_id, generation_id, steps: [done("a")] });
          const bad = await Promise.all(["", "{", "[]", "null"].map((payload) => send(payload, "application/json")));
          return sdkAnswer(206, [done("b", [await send(good, "application/octet-stream"), ...bad])]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    expect((await world.run("f")).output).toEqual({ a: { data: "a" }, b: { data: [200, 400, 400, 400, 400] } });
  });

  it("the same checkpoint twice is the same as once, and the first value stays", async () => {
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          if (Object.keys(call.body.steps).length > 0) return sdkAnswer(200, call.body.steps);
          const statuses = [
            await save(world, call, [done("a", 1)]),
            await save(world, call, [done("a", 1)]),
            await save(world, call, [done("a", 2)]),
          ];
          expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200]);
          return sdkAnswer(206, [done("b")]);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    expect((await world.run("f")).output).toEqual({ a: { data: 1 }, b: { data: "b" } });
  });

  it.each([
    [{ op: "Sleep", id: "s", name: "1h" }, "cannot checkpoint async steps"],
    [{ op: "WaitForEvent", id: "w", opts: { event: "x", timeout: "1h" } }, "cannot checkpoint async steps"],
    [{ op: "InvokeFunction", id: "i", opts: {} }, "cannot checkpoint async steps"],
    [{ op: "RunComplete", id: "r", data: 1 }, "cannot checkpoint opcode"],
  ])("%j is refused with 400, and nothing of the request is stored", async (op, message) => {
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          const { status, body } = await save(world, call, [done("a"), op]);
          return sdkAnswer(200, { status, body });
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    const { id, output } = await world.run("f");
    expect(output).toMatchObject({ status: 400 });
    expect(JSON.stringify(output)).toContain(message);
    expect(await world.steps(id)).toEqual({});
  });

  it("an output of more than 4 MiB is refused with 413", async () => {
    const world: World = await worldOf({
      f: { answer: async (call) => sdkAnswer(200, (await save(world, call, [done("a", "x".repeat(4 * 1_024 * 1_024))])).status) },
    });
    await world.send("shop/f");
    await world.advance("1s");
    expect((await world.run("f")).output).toBe(413);
  });

  it("a state of more than 32 MiB is refused with 413", async () => {
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          const statuses: number[] = [];
          for (let n = 0; n < 9; n++) statuses.push((await save(world, call, [done(`s${n}`, "x".repeat(4_000_000))])).status);
          return sdkAnswer(200, statuses);
        },
      },
    });
    await world.send("shop/f");
    expect((await world.run("f")).output).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 413]);
  });

  it("StepPlanned is taken and stores nothing", async () => {
    const world: World = await worldOf({
      f: { answer: async (call) => sdkAnswer(200, (await save(world, call, [{ op: "StepPlanned", id: "a" }])).status) },
    });
    await world.send("shop/f");
    expect(await world.run("f")).toMatchObject({ status: "COMPLETED", output: 200, stepsDone: 0 });
  });

  it("a run that does not exist is refused", async () => {
    const world = await worldOf({});
    const { status } = await world.post("/v1/checkpoint/01K7000000000000000000000F/async", { steps: [done("a")] });
    expect(status).toBe(400);
  });

  it("progress sets the attempts of the call back to 0", async () => {
    const world: World = await worldOf({
      f: {
        retries: 2,
        answer: async (call) => {
          if (call.attempt < 2) return sdkAnswer(500, { name: "E", message: "busy" });
          await save(world, call, [done("a")]);
          return sdkAnswer(500, { name: "E", message: "busy" });
        },
      },
    });
    await world.send("shop/f");
    await world.advance("16s");
    await world.advance("31s");
    // The third attempt saved a step, so its failure counts as the first of what follows.
    await world.advance("15s");
    expect(world.calls("f").map(({ attempt }) => attempt)).toEqual([0, 1, 2, 1]);
  });

  it("a call that has lost its lease saves nothing: 409", async () => {
    let late: SeenCall | undefined;
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          if (call.attempt > 0) return sdkAnswer(206, [done("a", "second")]);
          late = call;
          return sdkAnswer(500, { name: "E", message: "busy" });
        },
      },
    });
    await world.send("shop/f");
    if (late === undefined) throw new Error("The app was not called.");
    expect((await save(world, late, [done("a", "zombie")])).status).toBe(409);
    const { id } = await world.run("f");
    expect(await world.steps(id)).toEqual({});
  });

  it("after the run's end: 409", async () => {
    const world: World = await worldOf({
      f: {
        answer: async (call) => {
          await world.takes("10s");
          return sdkAnswer(200, (await save(world, call, [done("a")])).status);
        },
      },
    });
    await world.send("shop/f");
    await world.advance("1s");
    await world.cancel((await world.run("f")).id);
    const [call] = world.calls("f");
    if (call === undefined) throw new Error("The app was not called.");
    expect((await save(world, call, [done("a")])).status).toBe(409);
  });

  it("with a signing key it is needed", async () => {
    const world = await worldOf({}, { server: { kind: "cloud", signingKey: "abcd", eventKeys: ["k"] } });
    const url = "/v1/checkpoint/01K7000000000000000000000F/async";
    expect((await world.post(url, { steps: [] })).status).toBe(401);
    expect((await world.post(url, { steps: [] }, { authorization: "Bearer abcd" })).status).toBe(400);
    expect(HEADER.signature).toBe("x-inngest-signature");
  });

  it("what the function says about checkpointing is kept for the SDK", async () => {
    const world = await worldOf({
      f: { options: { checkpoint: { batch_steps: 3, batch_interval: "2s", max_runtime: "1m" } }, script: () => 1 },
    });
    expect(world.server.engine.registry.invocable("shop-f")?.definition.checkpoint).toEqual({
      batchSteps: 3,
      batchIntervalMs: 2_000,
      runtimeMsMax: 60_000,
    });
  });
});
