import { describe, expect, test } from "vitest";
import type { TriggerDefinition } from "../registration/function-definition.ts";
import { matchTrigger, triggerPatternsOf } from "./match-trigger.ts";

const NOW = 1_769_851_815_250;

describe("the trigger names that match an event's name", () => {
  test.each([
    ["simple", ["simple"]],
    ["app/user.created", ["app/user.created", "app/*", "app/user.*"]],
    ["api/v1/users", ["api/v1/users", "api/*", "api/v1/*"]],
    ["a.b.c", ["a.b.c", "a.*", "a.b.*"]],
    ["inngest/function.finished", ["inngest/function.finished", "inngest/*", "inngest/function.*"]],
  ])("%s", (name, patterns) => expect(triggerPatternsOf(name)).toEqual(patterns));

  test("names too long for a trigger are left out, whatever the length of the event's", () => {
    const name = "a.".repeat(1_000_000);
    const patterns = triggerPatternsOf(name);
    expect(patterns.length).toBeLessThanOrEqual(255);
    expect(Math.max(...patterns.map((pattern) => pattern.length))).toBe(255);
  });
});

describe("matching", () => {
  const on = (event: string, condition?: string): TriggerDefinition => ({
    kind: "event",
    event,
    ...(condition === undefined ? {} : { condition }),
  });
  const match = (...triggers: TriggerDefinition[]): unknown => matchTrigger(triggers, { name: "app/user.created", data: { n: 5 } }, NOW);

  test.each(["app/user.created", "app/*", "app/user.*"])("%s matches", (name) => {
    expect(match(on(name))).toEqual({ kind: "matched", index: 0 });
  });
  test.each(["*", "app*", "*.created", "app/user*", "App/*", "app/user.created.*", "app/user/*", "/*"])("%s does not", (name) => {
    expect(match(on(name))).toEqual({ kind: "none" });
  });
  test("the first trigger that holds is the answer", () => {
    expect(
      match({ kind: "cron", cron: "* * * * *" }, on("other"), on("app/*", "event.data.n > 9"), on("app/*"), on("app/user.created")),
    ).toEqual({
      kind: "matched",
      index: 3,
    });
  });
  test("a failing condition does not keep a later trigger from matching", () => {
    expect(match(on("app/*", "event.data.n > 'x'"), on("app/*", "event.data.n == 5"))).toEqual({ kind: "matched", index: 1 });
  });
  test("a failing condition is reported if no trigger matches", () => {
    expect(match(on("app/*", "event.data.n > 'x'"), on("app/*", "event.data.n == 6"))).toEqual({
      kind: "error",
      message:
        "the condition of trigger 1 on \"app/*\" (event.data.n > 'x'): the expression failed: no order between double and string (operator >)",
    });
    expect(match(on("app/*", "event.data.n"))).toMatchObject({ kind: "error", message: expect.stringMatching(/must be true or false/) });
  });
  test("a missing value is false and no error", () => expect(match(on("app/*", "event.data.nope"))).toEqual({ kind: "none" }));
});
