import { expect, test } from "vitest";
import { parseFunctionConfig } from "./parse-function-config.ts";
import { retriesOfStep } from "./parse-retry.ts";

function parse(retries: unknown) {
  const step = { id: "step", name: "step", runtime: { type: "http", url: "http://localhost/api?fnId=f" }, retries };
  return parseFunctionConfig({ id: "shop-f", name: "f", triggers: [{ event: "a" }], steps: { step } });
}

test("a function's policy is read, with its defaults", () => {
  expect(parse({ attempts: 2, backoff: { min: "5s" } })).toMatchObject({
    kind: "valid",
    config: { attemptsMax: 3, retry: { kind: "exponential", minMs: 5_000, maxMs: 86_400_000, factor: 2, jitter: 0.2 } },
  });
  expect(parse({ attempts: 2, backoff: { kind: "constant", min: "1s", max: "1s", jitter: 0 } })).toMatchObject({
    config: { retry: { kind: "constant", minMs: 1_000, maxMs: 1_000, jitter: 0 } },
  });
  expect(parse({ attempts: 2 })).not.toHaveProperty("config.retry");
});

test.each([
  [{ backoff: {} }, "min must be a duration"],
  [{ backoff: { min: "soon" } }, "min must be a duration"],
  [{ backoff: { min: "2d" } }, "min must be a duration"],
  [{ backoff: { min: "5s", max: "1s" } }, "not shorter than min"],
  [{ backoff: { min: "5s", kind: "random" } }, "exponential, linear or constant"],
  [{ backoff: { min: "5s", factor: 0.5 } }, "factor must be a number from 1 to 10"],
  [{ backoff: { min: "5s", jitter: 2 } }, "jitter must be"],
])("%j is refused: %s", (retries, words) => {
  const result = parse(retries);
  expect(result.kind === "invalid" && result.problems[0]?.message).toContain(words);
});

test("what a step says counts where it can be read", () => {
  expect(retriesOfStep({ attempts: 50, backoff: { min: "1s" } })).toMatchObject({ attempts: 20, policy: { minMs: 1_000 } });
  expect(retriesOfStep({ attempts: "many" })).toEqual({});
  expect(retriesOfStep(undefined)).toEqual({});
});
