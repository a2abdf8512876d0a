import { expect, test } from "vitest";
import { T0 } from "../testing/fixtures.ts";
import { notesOf } from "./metadata.ts";

const entry = (kind: string, values: unknown, stepId = "") => ({ stepId, kind, values: JSON.stringify(values), updatedAt: T0 });

test("scores and experiments are read out of the metadata, and come first", () => {
  const metadata = [
    entry("userland.default", { rows: 3 }),
    entry("inngest.experiment", { name: "prompt", variant: "b" }),
    entry("inngest.score", { quality: { value: 0.123456 }, good: { value: true } }),
    entry("inngest.score", { speed: { value: 2 } }, "step-1"),
  ];
  expect(notesOf(metadata, "")).toEqual([
    { kind: "score", name: "quality", value: "0.1235" },
    { kind: "score", name: "good", value: "yes" },
    { kind: "experiment", name: "prompt", variant: "b" },
    { kind: "values", title: "default", text: '{"rows":3}' },
  ]);
  expect(notesOf(metadata, "step-1")).toEqual([{ kind: "score", name: "speed", value: "2" }]);
});

test("what isn't as expected is shown as it is", () => {
  expect(notesOf([entry("inngest.experiment", { variant: 1 })], "")).toMatchObject([{ kind: "values", text: '{"variant":1}' }]);
  expect(notesOf([{ stepId: "", kind: "inngest.score", values: "broken", updatedAt: T0 }], "")).toEqual([]);
  expect(notesOf(undefined, "")).toEqual([]);
});
