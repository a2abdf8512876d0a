/** Invoking functions: what the child sees, what the parent gets, and what happens when the child never ends well. */
import { describe, expect, it } from "vitest";
import { NoRetryError, START, StepFailure, worldOf } from "./world.fixture.ts";

/** The error that a script saw, as its output. */
async function caught(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return error instanceof StepFailure ? { caught: error.error } : { caught: String(error) };
  }
}

const CHILD = { on: [], script: () => "from the child" } as const;

describe("semantics 5.4 invoke", () => {
  it("gives the child's result; the child has the payload and knows who asked", async () => {
    const world = await worldOf({
      parent: {
        script: ({ step }) =>
          step.invoke("call", { function_id: "shop-child", payload: { data: { n: 1 }, user: { id: "u" } }, timeout: "1h" }),
      },
      child: { on: [], script: ({ event }) => event },
    });
    await world.send("shop/parent");
    const [parent, child] = [await world.run("parent"), await world.run("child")];
    expect(parent.status).toBe("COMPLETED");
    expect(parent.output).toMatchObject({ name: "inngest/function.invoked", user: { id: "u" } });
    expect(parent.output).toMatchObject({
      data: { n: 1, _inngest: { fn_id: "shop-child", source_fn_id: parent.functionId, expire: START + 3_600_000 } },
    });
    const { correlation_id: correlationId } = (child.output as { data: { _inngest: { correlation_id: string } } }).data._inngest;
    expect(correlationId.startsWith(`${parent.id}.`)).toBe(true);
  });

  it("the child has the sessions of the payload, and those that the run has had before", async () => {
    const meta = { sessions: { user: 7, trial: null }, propagated_sessions: { user: "1", trial: "2", cart: "3" } };
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: { meta } }) },
      child: { on: [], script: ({ event }) => event["meta"] },
    });
    await world.send("shop/parent");
    expect((await world.run("child")).output).toEqual({ sessions: { user: "7", cart: "3" } });
    expect((await world.run("child")).sessions).toBe('[["cart","3"],["user","7"]]');
  });

  it("a payload's id is the child's idempotency key", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "shop-child", payload: { id: "once" } })) },
      child: CHILD,
    });
    await world.send("shop/parent");
    await world.send("shop/parent");
    expect(await world.runs("child")).toHaveLength(1);
    const [first, second] = await world.runs("parent");
    expect(first?.output).toBe("from the child");
    // The reference lets the second one wait for its time-out [bug].
    expect(second).toMatchObject({
      status: "COMPLETED",
      output: { caught: { message: expect.stringContaining("already started") as string } },
    });
  });

  it("a function is named by its slug or by its id", async () => {
    const world = await worldOf({
      parent: { script: ({ step, event }) => step.invoke("call", { function_id: event.data["target"], payload: {} }) },
      child: CHILD,
    });
    const { id = "" } = world.server.engine.registry.invocable("shop-child") ?? {};
    await world.send("shop/parent", { target: "shop-child" });
    await world.send("shop/parent", { target: id });
    expect((await world.runs("parent")).map(({ output }) => output)).toEqual(["from the child", "from the child"]);
  });

  it("a child that fails rejects the step with its error; the step is not tried again", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "shop-child", payload: {} })) },
      child: {
        on: [],
        script: () => {
          throw new NoRetryError("no stock");
        },
      },
    });
    await world.send("shop/parent");
    expect(await world.run("parent")).toMatchObject({
      status: "COMPLETED",
      output: { caught: { name: "NoRetryError", message: "no stock" } },
    });
    await world.advance("1d");
    expect(world.calls("child")).toHaveLength(1);
  });

  it("a child that is cancelled rejects the step", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "shop-child", payload: {} })) },
      child: { on: [], script: ({ step }) => step.sleep("nap", "1h") },
    });
    await world.send("shop/parent");
    await world.cancel((await world.run("child")).id);
    await world.advance("1s");
    expect((await world.run("parent")).output).toMatchObject({ caught: { message: "The invoked function was cancelled" } });
  });

  it("after the time-out the step is rejected, and the child goes on", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "shop-child", payload: {}, timeout: "2s" })) },
      child: { on: [], script: ({ step }) => step.run("work", () => world.takes("5s")) },
    });
    await world.send("shop/parent");
    await world.advance("2s");
    expect(await world.run("parent")).toMatchObject({
      status: "COMPLETED",
      ended: 2_000,
      output: {
        caught: {
          name: "InngestInvokeTimeoutError",
          message: "Timed out waiting for invoked function to complete",
          error: "InngestInvokeTimeoutError: Timed out waiting for invoked function to complete",
        },
      },
    });
    await world.advance("3s");
    expect(await world.run("child")).toMatchObject({ status: "COMPLETED", ended: 5_000 });
    expect(world.calls("parent")).toHaveLength(2);
  });

  it.each(["", null])("a time-out of %j is none", async (timeout) => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {}, timeout }) },
      child: { on: [], script: ({ step }) => step.sleep("nap", "1h") },
    });
    await world.send("shop/parent");
    const { id } = await world.run("parent");
    expect((await world.steps(id))["call"]?.until).toBe(START + 365 * 86_400_000);
  });

  it.each(["367d", "99999999999999999w"])("a time-out of %s is refused, and the run says why", async (timeout) => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {}, timeout }) },
      child: CHILD,
    });
    await world.send("shop/parent");
    expect(await world.run("parent")).toMatchObject({ status: "FAILED", error: { name: "InngestErrTimeoutTooLong" } });
    expect(await world.runs("child")).toEqual([]);
  });

  it.each([1.5, 1e300, -1, 9e15, "2026"])("a payload's time %j is none: the child starts now", async (ts) => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: { ts }, timeout: "1h" }) },
      child: { on: [], script: ({ event }) => event["ts"] },
    });
    await world.send("shop/parent");
    expect(await world.run("parent")).toMatchObject({ status: "COMPLETED", output: START });
  });

  it("without a time-out the step waits for a year", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "shop-child", payload: {} })) },
      child: { on: [], script: ({ step }) => step.waitForEvent("never", { event: "never", timeout: "366d" }) },
    });
    await world.send("shop/parent");
    await world.advance("364d23h");
    expect((await world.run("parent")).status).toBe("RUNNING");
    await world.advance("1h");
    expect((await world.run("parent")).status).toBe("COMPLETED");
  });

  it("without a payload the child gets an empty one", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child" }) },
      child: CHILD,
    });
    await world.send("shop/parent");
    expect(await world.run("parent")).toMatchObject({ status: "COMPLETED", output: "from the child" });
  });

  it("cancelling the parent leaves the child alone", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {} }) },
      child: { on: [], script: ({ step }) => step.sleep("nap", "1m") },
    });
    await world.send("shop/parent");
    await world.cancel((await world.run("parent")).id);
    await world.advance("1m");
    expect([(await world.run("parent")).status, (await world.run("child")).status]).toEqual(["CANCELLED", "COMPLETED"]);
  });

  it("a function may invoke itself", async () => {
    const world = await worldOf({
      deep: {
        script: async ({ step, event }) => {
          const left = Number(event.data["left"]);
          return left === 0
            ? 0
            : 1 + Number(await step.invoke("call", { function_id: "shop-deep", payload: { data: { left: left - 1 } } }));
        },
      },
    });
    await world.send("shop/deep", { left: 4 });
    expect((await world.runs("deep"))[0]).toMatchObject({ status: "COMPLETED", output: 4 });
  });
});

describe("semantics 2.6 invoke triggers", () => {
  it("a function without triggers can be invoked, and a trigger's condition does not count", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {} }) },
      child: { on: [{ event: "shop/child", expression: "event.data.never == true" }], script: () => "from the child" },
    });
    await world.send("shop/parent");
    expect((await world.run("parent")).output).toBe("from the child");
  });

  it("an unknown function fails the step at once", async () => {
    const world = await worldOf({ parent: { script: ({ step }) => caught(step.invoke("call", { function_id: "nobody", payload: {} })) } });
    await world.send("shop/parent");
    expect((await world.run("parent")).output).toMatchObject({
      caught: { name: "Error", message: "could not find function with ID: nobody" },
    });
  });

  it("the invocation's event starts functions that are triggered by its name, too, but no function twice", async () => {
    const world = await worldOf({
      parent: { script: ({ step }) => step.invoke("call", { function_id: "shop-child", payload: {} }) },
      child: { on: "inngest/function.invoked", script: () => "child" },
      watcher: { on: "inngest/*", script: ({ event }) => event.name },
    });
    await world.send("shop/parent");
    expect(await world.runs("child")).toHaveLength(1);
    expect((await world.runs("watcher")).map(({ output }) => output)).toContain("inngest/function.invoked");
  });
});
