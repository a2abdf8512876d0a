/** Functions of a worker. What runs is reported, with the process that runs it. */
import type { Kit } from "../app/kit.ts";

export const APP_ID = "depot";

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  kit.define({ id: "tour", retries: 2 }, { event: "depot/tour" }, async ({ step, event, attempt }) => {
    const first = await step.run("first", () => {
      kit.report({ kind: "body", step: "first" });
      return 1;
    });
    await step.sleep("nap", 300);
    const [flaky, answer] = await Promise.all([
      step.run("flaky", () => {
        if (attempt === 0) throw new Error("once");
        return 2;
      }),
      step.waitForEvent("answer", { event: "depot/answer", match: "data.key", timeout: "1h" }),
    ]);
    const sent = await step.sendEvent("tell", { name: "depot/told", data: event.data });
    return { first, flaky, answer: answer?.data["n"] ?? null, sent: sent.ids.length };
  });
  kit.define({ id: "fail", retries: 0 }, { event: "depot/fail" }, async ({ step }) =>
    step.run("hopeless", () => {
      throw new kit.NonRetriableError("the depot is closed");
    }),
  );
  defineGate(kit);
}

/** A step whose body ends when the test says so. */
function defineGate(kit: Kit): void {
  const gate = Promise.withResolvers<void>();
  kit.onTold(({ kind }) => kind === "open" && gate.resolve());
  kit.define({ id: "gated" }, { event: "depot/gated" }, async ({ step, attempt, event }) => {
    const before = await step.run("before", () => {
      kit.report({ kind: "body", step: "before" });
      return process.pid;
    });
    const pid = await step.run("gate", async () => {
      kit.report({ kind: "gate-entered", key: event.data["key"], attempt });
      await gate.promise;
      return process.pid;
    });
    return { before, pid, attempt };
  });
}
