/** Signals: one waiting run for each name. */
import { describe, expect, it } from "vitest";
import { START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that waits for the signal its event names. */
function signalWorld(): Promise<World> {
  return worldOf({
    job: {
      script: ({ step, event }) => step.waitForSignal("go", { signal: "go", timeout: "1h", ...event.data }),
    },
  });
}

describe("semantics 5.5 signals", () => {
  it("a signal gives its name and data to the run that waits for it, which the sender is told", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    const { id } = await world.run("job");
    const { status, body } = await world.post("/v1/signals", { signal: "go", data: { n: 1 } });
    expect([status, body.data]).toEqual([200, { run_id: id }]);
    await world.advance("1s");
    expect(await world.run("job")).toMatchObject({ status: "COMPLETED", output: { signal: "go", data: { n: 1 } } });
    expect(await world.items(id)).toEqual([]);
  });

  it("a signal that nobody waits for is lost, and the sender is told", async () => {
    const world = await signalWorld();
    expect((await world.post("/v1/signals", { signal: "go", data: 1 })).status).toBe(404);
    await world.send("shop/job");
    await world.advance("30m");
    expect((await world.run("job")).status).toBe("RUNNING");
  });

  it("after the time-out the result is null", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    await world.advance("1h");
    expect(await world.run("job")).toMatchObject({ status: "COMPLETED", output: null, ended: 3_600_000 });
    expect((await world.post("/v1/signals", { signal: "go" })).status).toBe(404);
  });

  it("without a time-out it waits for a year", async () => {
    const world = await worldOf({ job: { script: ({ step }) => step.waitForSignal("go", { signal: "go" }) } });
    await world.send("shop/job");
    await world.advance("364d23h");
    expect((await world.run("job")).status).toBe("RUNNING");
    await world.advance("1h");
    expect(await world.run("job")).toMatchObject({ status: "COMPLETED", output: null });
  });

  it.each(["", null])("a time-out of %j is none", async (timeout) => {
    const world = await worldOf({ job: { script: ({ step }) => step.waitForSignal("go", { signal: "go", timeout }) } });
    await world.send("shop/job");
    const { id } = await world.run("job");
    expect((await world.steps(id))["go"]?.until).toBe(START + 365 * 86_400_000);
  });

  it.each(["367d", "99999999999999999w"])("a time-out of %s is refused, and the run says why", async (timeout) => {
    const world = await worldOf({ job: { script: ({ step }) => step.waitForSignal("go", { signal: "go", timeout }) } });
    await world.send("shop/job");
    expect(await world.run("job")).toMatchObject({ status: "FAILED", error: { name: "InngestErrTimeoutTooLong" } });
  });

  it("a second run that waits for it fails at once, and the first still gets it", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    await world.send("shop/job", { conflict: "fail" });
    const [, second] = await world.runs("job");
    expect(second).toMatchObject({
      status: "FAILED",
      error: { name: "Error", message: "Signal conflict; signal wait already exists for another run" },
    });
    await world.server.engine.signal("go", "late");
    await world.advance("1s");
    expect(await world.statuses("job")).toEqual(["COMPLETED", "FAILED"]);
  });

  it("a run that replaces takes the signal over; the first ends with null at its time-out", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    await world.advance("1m");
    await world.send("shop/job", { conflict: "replace" });
    await world.server.engine.signal("go", "hello");
    await world.advance("1s");
    const [first, second] = await world.runs("job");
    expect([first?.status, second?.status, second?.output]).toEqual(["RUNNING", "COMPLETED", { signal: "go", data: "hello" }]);
    await world.advance("1h");
    expect((await world.runs("job"))[0]).toMatchObject({ status: "COMPLETED", output: null, ended: 3_600_000 });
  });

  it("a run that fails over a conflict leaves nothing behind that takes the signal", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    await world.send("shop/job");
    await world.server.engine.signal("go", 1);
    await world.advance("1s");
    expect(await world.server.engine.signal("go", 2)).toBeUndefined();
    await world.send("shop/job");
    expect((await world.runs("job"))[2]?.status).toBe("RUNNING");
  });

  it("a name is free again when its run has ended", async () => {
    const world = await signalWorld();
    await world.send("shop/job");
    await world.cancel((await world.run("job")).id);
    await world.send("shop/job");
    await world.server.engine.signal("go", 1);
    await world.advance("1s");
    expect(await world.statuses("job")).toEqual(["CANCELLED", "COMPLETED"]);
  });
});
