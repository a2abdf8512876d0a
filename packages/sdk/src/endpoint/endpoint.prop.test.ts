import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StepTools } from "../step/tools.ts";
import { APP, endpointTest, type Fate, playToEnd } from "./endpoint.fixture.ts";

/** A handler's shape: steps that fail at first, sleeps, one after the other or side by side. */
type Program =
  | { readonly kind: "step"; readonly id: string; readonly value: number; readonly failures: number }
  | { readonly kind: "sleep"; readonly id: string }
  | { readonly kind: "sequence" | "parallel"; readonly parts: readonly Program[] };

const id = fc.constantFrom("a", "b", "a:1");
const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("step" as const), id, value: fc.nat(99), failures: fc.nat(1) }),
    fc.record({ kind: fc.constant("sleep" as const), id }),
    fc.record({ kind: fc.constantFrom("sequence" as const, "parallel" as const), parts: fc.array(tie("program"), { maxLength: 3 }) }),
  ),
}));

/** How often the code of each step of the program has been entered. */
type Entered = Map<Program, number>;

async function perform(part: Program, step: StepTools, entered: Entered): Promise<unknown> {
  if (part.kind === "sleep") return (await step.sleep(part.id, "1h")) ?? "slept";
  if (part.kind === "step")
    return step.run(part.id, () => {
      const times = (entered.get(part) ?? 0) + 1;
      entered.set(part, times);
      if (times <= part.failures) throw new Error("not yet");
      return part.value;
    });
  if (part.kind === "parallel") return Promise.all(part.parts.map((inner) => perform(inner, step, entered)));
  const results: unknown[] = [];
  for (const inner of part.parts) results.push(await perform(inner, step, entered));
  return results;
}

/** What the program yields when steps are plain calls. */
function expected(part: Program): unknown {
  if (part.kind === "step") return part.value;
  return part.kind === "sleep" ? "slept" : part.parts.map(expected);
}

function stepsOf(part: Program): readonly (Program & { readonly kind: "step" })[] {
  if (part.kind === "step") return [part];
  return "parts" in part ? part.parts.flatMap(stepsOf) : [];
}

/** Endless choices; of four in a row at least one is 0, so that what is tried five times gets through. */
function choices(list: readonly number[]): () => number {
  let index = 0;
  return () => {
    index += 1;
    return index % 4 === 0 ? 0 : (list[index % Math.max(1, list.length)] ?? 0);
  };
}

const FATES: readonly Fate[] = ["answered", "unreachable", "lost", { status: 503, body: "" }];

test("property: whatever fails on the way, the answer is what plain calls would yield, and each step ends once where no answer is lost", async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.array(fc.nat(3)), fc.array(fc.nat(1)), async (shape, fates, losses) => {
      const { client, server } = endpointTest();
      const entered: Entered = new Map();
      const nextFate = choices(fates);
      server.fate = () => FATES[nextFate()] ?? "answered";
      const endpoint = client.endpoint(async (_request, { step }) => Response.json(await perform(shape, step, entered)));
      const first = await endpoint(new Request(APP));
      const nextLoss = choices(losses);
      if (first.status === 302) await playToEnd(endpoint, server, () => nextLoss() === 1);
      else expect(first.status).toBe(200);
      const answer = first.status === 302 ? server.run.output?.body : await first.text();
      expect(JSON.parse(answer ?? "")).toEqual(expected(shape));
      expect(server.run.output).toMatchObject({ status: 200, body: answer });
      if (!losses.includes(1)) for (const part of stepsOf(shape)) expect(entered.get(part)).toBe(part.failures + 1);
      expect(client.clock.timerCount).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("property: a server that is gone from some request on lets no step begin whose predecessor is not stored", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.nat(6), async (steps, reachable) => {
      const { client, server } = endpointTest();
      const ran: number[] = [];
      server.fate = () => (server.requests.length < reachable ? "answered" : "unreachable");
      const endpoint = client.endpoint(async (_request, { step }) => {
        for (let n = 0; n < steps; n++) await step.run(`step ${n}`, () => ran.push(n));
        return new Response("done");
      });
      const { status } = await endpoint(new Request(APP));
      const stored = server.runs.size === 0 ? 0 : server.run.steps.size;
      expect(ran.length).toBeLessThanOrEqual(stored + 1);
      expect(status).toBe(ran.length === steps ? 200 : 503);
    }),
  );
});
