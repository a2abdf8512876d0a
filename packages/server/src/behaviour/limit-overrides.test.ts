/** Limits of one function that a development server is told to have. */
import { describe, expect, it } from "vitest";
import { sdkAnswer, type World, worldOf } from "./world.fixture.ts";

const FORM = { host: "localhost:8288", "content-type": "application/x-www-form-urlencoded" };

type Sent = { readonly status: number; readonly error: string | undefined };

/** Sends the form's fields. */
async function send(world: World, route: `${"POST" | "DELETE"} ${string}`, fields: Readonly<Record<string, string>>): Promise<Sent> {
  const payload = new URLSearchParams(fields).toString();
  const [method, url] = route.split(" ") as ["POST" | "DELETE", string];
  const answer = await world.server.http.inject({ method, url, headers: FORM, payload });
  return { status: answer.statusCode, error: answer.body === "" ? undefined : answer.json<{ error: string }>().error };
}

const idOf = (world: World): string => world.server.engine.registry.functionBySlug("shop-f")?.id ?? "";

function steps(count: number): Promise<World> {
  const ops = Array.from({ length: count }, (_, n) => ({ op: "StepRun", id: `s${n}`, data: "x".repeat(100) }));
  return worldOf({ f: { retries: 0, answer: ({ body }) => ("s0" in body.steps ? sdkAnswer(200, 1) : sdkAnswer(206, ops)) } });
}

describe("wire 4.12 limits of one function", () => {
  it.each([
    ["/fn/step-limit", "2", "The function run exceeded the step limit of 2 steps."],
    ["/fn/state-size-limit", "250", "The function run exceeded the state size limit of 250 bytes."],
  ])("%s holds until it is taken away", async (path, limit, message) => {
    const world = await steps(3);
    const functionId = idOf(world);
    expect(await send(world, `POST ${path}`, { functionId, limit })).toEqual({ status: 200, error: undefined });
    await world.send("shop/f");
    expect(await world.run("f")).toMatchObject({ status: "FAILED", error: { message } });
    expect((await send(world, `DELETE ${path}`, { functionId })).status).toBe(200);
    await world.send("shop/f");
    expect(await world.statuses("f")).toEqual(["FAILED", "COMPLETED"]);
    expect((await send(world, `DELETE ${path}`, { functionId })).status).toBe(404);
  });

  it("what is no limit, and an unknown function, are refused", async () => {
    const world = await steps(1);
    for (const limit of ["0", "10001", "1.5", "many", ""])
      expect((await send(world, "POST /fn/step-limit", { functionId: idOf(world), limit })).status).toBe(400);
    expect((await send(world, "POST /fn/step-limit", { functionId: "nobody", limit: "1" })).status).toBe(404);
  });

  it("a production server has no such thing", async () => {
    const world = await worldOf({ f: { script: () => 1 } }, { server: { kind: "cloud", signingKey: "8f0e", eventKeys: ["e"] } });
    expect((await send(world, "POST /fn/step-limit", { functionId: idOf(world), limit: "1" })).status).toBe(404);
  });
});
