import type { AttemptRow, RunRow, StepRow } from "@pawl/engine";
import { hashStepId } from "@pawl/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exportedSpans } from "./run-spans.ts";

const RUN_ID = "01HF7YAT00000G40R40M30E20A";
const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 });
const names = { functionById: () => ({ slug: "shop-import" }), appById: () => ({ name: "shop" }) };

const stepArb = fc.record({
  name: fc.string(),
  queuedAt: time,
  startedAt: fc.option(time, { nil: undefined }),
  endedAt: fc.option(time, { nil: undefined }),
  status: fc.constantFrom("completed", "failed", "running", "cancelled"),
  attempt: fc.nat(5),
});
const attemptArb = fc.record({ step: fc.nat(9), attempt: fc.nat(5), startedAt: time, endedAt: time });

test("property: every span but the run's has its parent among them, none ends before it begins, ids are stable and each there once", () => {
  fc.assert(
    fc.property(
      fc.array(stepArb, { maxLength: 8 }),
      fc.array(attemptArb, { maxLength: 12 }),
      fc.record({ queuedAt: time, endedAt: time }),
      (steps, attempts, { queuedAt, endedAt }) => {
        const rows = steps.map((step, index) => ({ ...step, id: hashStepId(String(index)), runId: RUN_ID, kind: "run" }));
        const run = {
          id: RUN_ID,
          functionId: "f",
          appId: "a",
          functionVersion: 1,
          status: "COMPLETED",
          eventName: "e",
          eventIds: ["1"],
          queuedAt,
          endedAt,
        };
        const tried = attempts.map(({ step, ...rest }) => ({
          ...rest,
          runId: RUN_ID,
          stepId: step > 7 ? "function" : hashStepId(String(step)),
        }));
        // Only what is read is made.
        const detail = {
          run: run as unknown as RunRow,
          steps: rows as unknown as readonly StepRow[],
          attempts: tried as unknown as readonly AttemptRow[],
          events: [],
        } as Parameters<typeof exportedSpans>[0];
        const spans = exportedSpans(detail, names);
        const ids = new Set(spans.map(({ spanId }) => spanId));
        expect(ids.size).toBe(spans.length);
        const [root, ...others] = spans;
        expect(root?.parentSpanId).toBeUndefined();
        for (const { parentSpanId, traceId } of others) {
          expect(ids.has(parentSpanId ?? "")).toBe(true);
          expect(traceId).toBe(root?.traceId);
        }
        for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
        expect(exportedSpans(detail, names)).toEqual(spans);
      },
    ),
  );
});
