import { expect, test } from "vitest";
import { eventType } from "../event/event-type.ts";
import { type WaitArguments, waitOp } from "./wait-op.ts";

const paid = eventType("order/paid");

const optsOf = (options: Omit<WaitArguments, "timeout">) => waitOp({ timeout: "1h", ...options }, { stepId: "w", known: [] });
const refusal = (options: Partial<WaitArguments>) => () => waitOp({ event: "a", timeout: "1h", ...options }, { stepId: "w", known: [] });

test("one event is reported as every server knows it, also from a list of one", () => {
  const expected = { op: "WaitForEvent", name: "order/paid", opts: { timeout: "1h", if: "event.data.id == async.data.id" } };
  expect(optsOf({ event: paid, match: "data.id" })).toEqual(expected);
  expect(optsOf({ event: [{ event: "order/paid", match: "data.id" }] })).toEqual(expected);
});

test("several events are named in order; the first one is the name of the op", () => {
  expect(optsOf({ event: [paid, "order/refused"], if: "async.data.n > 1" })).toEqual({
    op: "WaitForEvent",
    name: "order/paid",
    opts: { timeout: "1h", events: ["order/paid", "order/refused"], if: "async.data.n > 1" },
  });
});

test("where one has a condition of its own, each has one, and the first one's is what other servers go by", () => {
  expect(optsOf({ event: [{ event: paid, if: "async.data.ok" }, "b", { event: "c", match: "data.id" }] }).opts).toEqual({
    timeout: "1h",
    if: "async.data.ok",
    events: [
      { event: "order/paid", if: "async.data.ok" },
      { event: "b", if: "true" },
      { event: "c", if: "event.data.id == async.data.id" },
    ],
  });
  expect(optsOf({ event: ["a", { event: "b", if: "async.data.x" }], if: "async.data.y" }).opts).toEqual({
    timeout: "1h",
    if: "async.data.y",
    events: [
      { event: "a", if: "async.data.y" },
      { event: "b", if: "async.data.x" },
    ],
  });
});

test("a look-back is a duration, a number of milliseconds, or the run", () => {
  const lookBacks = (["5m", "2 hours", 90_000, "run"] as const).map((lookBack) => optsOf({ event: "a", lookBack }).opts["lookBack"]);
  expect(lookBacks).toEqual(["5m", "2h", "1m30s", "run"]);
});

test("what can't be is refused, and the message names the step", () => {
  expect(refusal({ event: [] })).toThrow('Step "w": `event` must be an event name or event type, or a list of those.');
  expect(refusal({ event: ["a", { event: "" }] })).toThrow('Step "w": `event` must be');
  expect(refusal({ event: Array.from({ length: 11 }, () => "a") })).toThrow('Step "w": a wait can name 10 events at most, not 11.');
  expect(refusal({ lookBack: "always" as "run" })).toThrow("option `lookBack`");
});
