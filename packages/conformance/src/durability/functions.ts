/** Functions whose progress must survive the end of any process at any instant. Every body that runs is reported. */
import { randomUUID } from "node:crypto";
import type { Kit } from "../app/kit.ts";

export const APP_ID = "durable";

/** Defines the functions. */
export function defineFunctions(kit: Kit): void {
  const body = (key: unknown, step: string): { readonly proof: string } => {
    const proof = randomUUID();
    kit.report({ kind: "body", key, step, proof });
    return { proof };
  };
  kit.define({ id: "short" }, { event: "durable/short" }, async ({ step, event }) =>
    step.run("only", () => body(event.data["key"], "only")),
  );
  kit.define({ id: "long" }, { event: "durable/long" }, async ({ step, event, attempt }) => {
    const { key } = event.data;
    const first = await step.run("first", () => body(key, "first"));
    await step.sleep("nap", "1s");
    const [flaky, answer] = await Promise.all([
      step.run("flaky", () => {
        if (attempt === 0) throw new Error("once");
        return body(key, "flaky");
      }),
      step.waitForEvent("answer", { event: "durable/answer", match: "data.key", timeout: "1h" }),
    ]);
    const last = await step.run("last", () => body(key, "last"));
    return { proofs: [first.proof, flaky.proof, last.proof], answer: answer?.data["n"] ?? null };
  });
  defineGate(kit);
}

/** A step whose body ends when the test says so. */
function defineGate(kit: Kit): void {
  const gate = Promise.withResolvers<void>();
  kit.onTold(({ kind }) => kind === "open" && gate.resolve());
  kit.define({ id: "gated" }, { event: "durable/gated" }, async ({ step }) => {
    const first = await step.run("gate", async () => {
      kit.report({ kind: "gate-entered" });
      await gate.promise;
      return "through";
    });
    return { first, second: await step.run("after", () => "done") };
  });
}
