import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StepTools } from "../step/tools.ts";
import { runToEnd, testClient } from "./call.fixture.ts";

/** A function's shape: steps and sleeps, one after the other or side by side, with idle promise chains between them. */
type Program =
  | { readonly kind: "step"; readonly id: string; readonly value: number }
  | { readonly kind: "sleep"; readonly id: string }
  | { readonly kind: "hops"; readonly count: number }
  | { readonly kind: "sequence" | "parallel"; readonly parts: readonly Program[] };

const id = fc.constantFrom("a", "b", "a:1");
const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("step" as const), id, value: fc.nat(99) }),
    fc.record({ kind: fc.constant("sleep" as const), id }),
    fc.record({ kind: fc.constant("hops" as const), count: fc.nat(40) }),
    fc.record({ kind: fc.constantFrom("sequence" as const, "parallel" as const), parts: fc.array(tie("program"), { maxLength: 3 }) }),
  ),
}));

async function perform(part: Program, step: StepTools, ran: number[]): Promise<unknown> {
  if (part.kind === "step") return step.run(part.id, () => (ran.push(part.value), part.value));
  if (part.kind === "sleep") return (await step.sleep(part.id, "1h")) ?? "slept";
  if (part.kind === "hops") {
    for (let i = 0; i < part.count; i++) await Promise.resolve();
    return "hopped";
  }
  if (part.kind === "parallel") return Promise.all(part.parts.map((inner) => perform(inner, step, ran)));
  const results: unknown[] = [];
  for (const inner of part.parts) results.push(await perform(inner, step, ran));
  return results;
}

/** What the program yields when steps are plain calls. */
function expected(part: Program): unknown {
  if (part.kind === "step") return part.value;
  if (part.kind === "sleep") return "slept";
  return part.kind === "hops" ? "hopped" : part.parts.map(expected);
}

function values(part: Program): number[] {
  if (part.kind === "step") return [part.value];
  return "parts" in part ? part.parts.flatMap(values) : [];
}

test.each([true, false])(
  "property: a run yields what plain calls would, and each step runs once (checkpointing: %s)",
  async (isCheckpointing) => {
    await fc.assert(
      fc.asyncProperty(program, async (shape) => {
        const client = testClient();
        const ran: number[] = [];
        const fn = client.createFunction({ id: "f" }, ({ step }) => perform(shape, step, ran));
        const run = await runToEnd(client, fn, { isCheckpointing });
        expect(run.result).toEqual(expected(shape));
        expect(ran.toSorted((a, b) => a - b)).toEqual(values(shape).toSorted((a, b) => a - b));
        expect(client.clock.timerCount).toBe(0);
      }),
      { numRuns: 300 },
    );
  },
);
