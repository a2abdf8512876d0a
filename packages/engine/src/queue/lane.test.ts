import { expect, test } from "vitest";
import { definition, NOW } from "../fixtures/fixtures.ts";
import { functionOfLane, laneOf, slotMeaning, slotsOf } from "./lane.ts";

const limits = (...step: ReturnType<typeof definition>["concurrency"]["step"]) => definition({ concurrency: { step } });
const lane = (of: ReturnType<typeof definition>, data: unknown) =>
  laneOf({ functionId: "f", definition: of, event: { name: "x", data }, now: NOW });

test("without keys a function has one lane and needs its own slot", () => {
  const five = limits({ limit: 5, scope: "fn" });
  expect(lane(five, { user: 1 })).toBe("f");
  expect(slotsOf("f", five)).toEqual([{ key: "fn:f", limit: 5 }]);
});

test("functions share a slot of wider scope by expression and value, and not otherwise", () => {
  const one = limits({ limit: 1, scope: "account", keyExpression: "event.data.user" });
  const key = slotsOf(lane(one, { user: "u" }), one)[0]?.key;
  const other = limits({ limit: 3, scope: "account", keyExpression: "event.data.user" });
  const otherLane = laneOf({ functionId: "g", definition: other, event: { name: "x", data: { user: "u" } }, now: NOW });
  expect(slotsOf(otherLane, other)).toEqual([{ key, limit: 3 }]);
  const own = limits({ limit: 1, scope: "fn", keyExpression: "event.data.user" });
  expect(slotsOf(lane(own, { user: "u" }), own)[0]?.key).not.toBe(key);
});

test("limits come from the newest configuration; a key that is gone constrains nothing", () => {
  const before = limits({ limit: 1, scope: "fn", keyExpression: "event.data.user" });
  const key = lane(before, { user: "u" });
  expect(slotsOf(key, limits({ limit: 9, scope: "fn", keyExpression: "event.data.user" }))[0]?.limit).toBe(9);
  expect(slotsOf(key, limits({ limit: 1, scope: "fn", keyExpression: "event.data.other" }))).toEqual([]);
});

test("odd values are hashed, so that a lane's key can be taken apart", () => {
  const of = limits({ limit: 1, scope: "fn", keyExpression: "event.data.user" });
  const key = lane(of, { user: "a|b:c\n" });
  expect(functionOfLane(key)).toBe("f");
  expect(key.split("|")).toHaveLength(2);
  expect(slotsOf(key, of)).toHaveLength(1);
});

test("a slot's key can be read back for people", () => {
  const of = limits(
    { limit: 1, scope: "env", keyExpression: "event.data.user" },
    { limit: 2, scope: "fn", keyExpression: "event.data.plan" },
    { limit: 5, scope: "fn" },
  );
  const meanings = slotsOf(lane(of, { user: "u-1", plan: "pro" }), of).map(({ key }) => slotMeaning(key, of));
  expect(meanings).toEqual([
    { scope: "env", keyExpression: "event.data.user", value: "u-1" },
    { scope: "fn", keyExpression: "event.data.plan", value: "pro" },
    { scope: "fn" },
  ]);
  expect(slotMeaning("fn:f|fn:000000000000:x", of)).toBeUndefined();
});
