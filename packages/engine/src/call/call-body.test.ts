import { canonicalJson } from "@pawl/protocol";
import { expect, test } from "vitest";
import { eventRow, item, NOW, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import { callBody, mustPlan, stepsByFinishText } from "./call-body.ts";

const done = (id: string, position: number, result: string) => stepRow({ id, status: "completed", endedAt: NOW, position, result });
const body = (state: ReturnType<typeof runState>, over: Parameters<typeof item>[0] = {}) =>
  callBody(state, { item: item(over), generation: 4, requestId: "req" });

test("the body is canonical JSON with every finished step, on the stack in the order they finished", () => {
  const text = body(runState({ steps: [done("b", 0, '{"data":1}'), done("a", 1, "null"), stepRow({ id: "c" })] }));
  const parsed = JSON.parse(text);
  expect(text).toBe(canonicalJson(parsed));
  expect(parsed.steps).toEqual({ a: null, b: { data: 1 } });
  expect(parsed.ctx).toMatchObject({
    run_id: RUN_ID,
    fn_id: "fn-1",
    attempt: 0,
    max_attempts: 4,
    generation_id: 4,
    stack: { stack: ["b", "a"], current: 2 },
  });
});

test("state that is fetched has its keys in the order in which the steps finished, and what is to be run anew last", () => {
  const steps = [stepRow({ id: "0", inputOverride: "[1]" }), done("c", 1, "null"), done("b", 0, '{"data":1}')];
  expect(stepsByFinishText(runState({ steps }))).toBe('{"b":{"data":1},"c":null,"0":{"input":[1]}}');
});

test("state that is too large is left out and announced", () => {
  const parsed = JSON.parse(body(runState({ run: { stateBytes: 5_000_000 }, steps: [done("a", 0, '{"data":1}')] })));
  expect(parsed).toMatchObject({ use_api: true, steps: {}, ctx: { use_api: true } });
  expect(parsed.events).toHaveLength(1);
});

test("events that are too large are left out too, but for the first", () => {
  const big = eventRow({ data: { text: "x".repeat(3_000_000) } }).body;
  const parsed = JSON.parse(body(runState({ run: { stateBytes: 6_000_000 }, events: [big, big] })));
  expect(parsed.events).toEqual([]);
  expect(parsed.event.name).toBe("shop/imported");
});

test("an event that fits once and not twice is sent once, and the steps that fit beside it", () => {
  const big = eventRow({ data: { text: "x".repeat(3_000_000) } }).body;
  const few = body(runState({ run: { stateBytes: big.length + 10 }, events: [big], steps: [done("a", 0, '{"data":1}')] }));
  expect(JSON.parse(few)).toMatchObject({ use_api: true, events: [], event: { name: "shop/imported" }, ctx: { use_api: true } });
  expect(JSON.parse(few).steps).toEqual({ a: { data: 1 } });
  const ids = Array.from({ length: 1_000 }, (_, n) => `${"a".repeat(39)}${n}`);
  const steps = ids.map((id, n) => done(id, n, JSON.stringify({ data: "x".repeat(1_100) })));
  const many = body(runState({ run: { stateBytes: 4_190_000 }, events: [big], steps }));
  expect(JSON.parse(many)).toMatchObject({ use_api: true, events: [], steps: {} });
  for (const text of [few, many]) expect(text.length).toBeLessThan(4 * 1024 * 1024);
});

test("events are measured in bytes", () => {
  const wide = eventRow({ data: { text: "€".repeat(800_000) } }).body;
  const parsed = JSON.parse(body(runState({ run: { stateBytes: 6_000_000 }, events: [wide] })));
  expect(parsed.events).toEqual([]);
});

test("steps are planned while others are under way, not for the step that this item retries", () => {
  expect(mustPlan(runState(), item())).toBe(false);
  expect(mustPlan(runState({ steps: [stepRow({ id: "b" })] }), item())).toBe(true);
  expect(mustPlan(runState({ steps: [stepRow({ id: "b", status: "retrying", itemId: item().id })] }), item())).toBe(false);
  expect(mustPlan(runState({ run: { requestVersion: 1, hasFannedOut: true } }), item())).toBe(true);
});

test("edited input of an unfinished step goes with the state", () => {
  expect(JSON.parse(body(runState({ steps: [stepRow({ id: "a", inputOverride: "[1]" })] }))).steps).toEqual({ a: { input: [1] } });
});
