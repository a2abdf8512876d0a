import { describe, expect, test } from "vitest";
import { checkCondition, type ExpressionPlace } from "./index.ts";

describe("accepted", () => {
  test.each<[string, ExpressionPlace]>([
    ["event.data.n > 5", "trigger"],
    ["event.data.list.exists(x, x.id == 1)", "trigger"],
    ["event.data.kind != 'urgent'", "batch"],
    ["event.data.a || event.data.b", "key"],
    ["'constant'", "key"],
    ["event.data.vip ? 120 : 0", "priority"],
    ["event.data.n * 2", "priority"],
    ["120", "priority"],
    ["async.data.id == event.data.id", "wait"],
    ["lowercase(async.data.email) == lowercase(event.data.email)", "wait"],
    ["event.data.list.exists(x, x == async.data.x)", "wait"],
    ["async.data.id == event.data.id && async.data.n > int(event.data.n)", "cancel"],
    ["async.data.id in ['a', 'b'] && (event.data['x'][0] != -5 ? true : false)", "cancel"],
  ])("%s as %s", (source, place) => expect(checkCondition(source, place)).toBeUndefined());
});

describe("refused", () => {
  test.each<[string, ExpressionPlace, RegExp]>([
    ["", "trigger", /must not be empty/],
    ["nope == 1", "wait", /line 1, column 1: unknown variable `nope`/],
    ["async.data.id == 1", "trigger", /only `event` is known/],
    ["async.data.id", "key", /only `event` is known/],
    ["'text'", "trigger", /a condition is true or false, but this is always a string/],
    ["1 + 1", "wait", /always a int/],
    ["'high'", "priority", /a priority is a number of seconds, but this is always a string/],
    ["size(async.data.list) > 1", "cancel", /^size\(\) can't be used in a condition of cancelOn/],
    ["has(async.data.id)", "cancel", /^has\(\) can't/],
    ["event.data.list.exists(x, x == 1)", "cancel", /^exists\(\) can't/],
    ["async.data.n + 1 == 2", "cancel", /^arithmetic \(\+\) can't/],
    ["async.data.n == -event.data.n", "cancel", /^arithmetic \(-\) can't/],
  ])("%s as %s", (source, place, message) => expect(checkCondition(source, place)?.message).toMatch(message));
});
