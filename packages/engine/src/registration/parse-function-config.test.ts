import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionDefinition } from "./function-definition.ts";
import { parseFunctionConfig, slugOf } from "./parse-function-config.ts";

const URL = "https://shop.example/api/inngest?fnId=shop-import&stepId=step";

/** A valid configuration with these options on top. */
function rawConfig(options: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: "shop-import", name: "Import", triggers: [{ event: "a/b" }], steps: stepsWith({}), ...options };
}

function stepsWith(options: Record<string, unknown>): unknown {
  return { step: { id: "step", name: "step", runtime: { type: "http", url: URL }, ...options } };
}

function valid(options: Record<string, unknown> = {}): FunctionDefinition {
  const result = parseFunctionConfig(rawConfig(options));
  if (result.kind === "invalid") throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.config;
}

function problems(options: Record<string, unknown>): readonly string[] {
  const result = parseFunctionConfig(rawConfig(options));
  return result.kind === "invalid"
    ? result.problems.map(({ code, message }) => `${code} ${message.replace(/function "[^"]*": /, "")}`)
    : [];
}

test("every option of the protocol is read", () => {
  const options = {
    triggers: [
      { event: "catalogue/uploaded", expression: "event.data.size < 1000000" },
      { cron: "0 3 * * *", jitter: "2m" },
    ],
    steps: stepsWith({ retries: { attempts: 2 } }),
    idempotency: "event.data.id",
    concurrency: [{ limit: 5 }, { limit: 1, key: "event.data.tenant", scope: "env" }],
    rateLimit: { limit: 10, period: "1m", key: "event.data.tenant" },
    throttle: { limit: 20, period: "1m", burst: 2 },
    debounce: { period: "30s", timeout: "10m", key: "event.data.tenant" },
    priority: { run: "event.data.vip ? 120 : 0" },
    timeouts: { start: "10m", finish: "2h" },
    cancel: [
      { event: "catalogue/withdrawn", if: "event.data.id == async.data.id", timeout: "1h" },
      { event: "b", timeout: "2030-01-01T00:00:00Z" },
      { event: "c" },
    ],
    singleton: { mode: "skip", key: "event.data.tenant" },
    checkpoint: { batch_steps: 3, batch_interval: "2s", max_runtime: 30_000_000_000 },
  };
  const expected: FunctionDefinition = {
    slug: "shop-import",
    name: "Import",
    url: URL,
    attemptsMax: 3,
    triggers: [
      { kind: "event", event: "catalogue/uploaded", condition: "event.data.size < 1000000" },
      { kind: "cron", cron: "0 3 * * *", jitterMs: 120_000 },
    ],
    idempotency: "event.data.id",
    concurrency: {
      step: [
        { limit: 1, scope: "env", keyExpression: "event.data.tenant" },
        { limit: 5, scope: "fn" },
      ],
    },
    rateLimit: { limit: 10, periodMs: 60_000, keyExpression: "event.data.tenant" },
    throttle: { limit: 20, periodMs: 60_000, burst: 2 },
    debounce: { periodMs: 30_000, timeoutMs: 600_000, keyExpression: "event.data.tenant" },
    priority: { expression: "event.data.vip ? 120 : 0" },
    timeouts: { startMs: 600_000, finishMs: 7_200_000 },
    cancelOn: [
      { event: "catalogue/withdrawn", condition: "event.data.id == async.data.id", until: { kind: "duration", ms: 3_600_000 } },
      { event: "b", until: { kind: "instant", at: 1_893_456_000_000 } },
      { event: "c", until: { kind: "duration", ms: 365 * 86_400_000 } },
    ],
    singleton: { mode: "skip", keyExpression: "event.data.tenant" },
    checkpoint: { batchSteps: 3, batchIntervalMs: 2_000, runtimeMsMax: 30_000 },
  };
  expect(valid(options)).toStrictEqual(expected);
});

test("a definition survives JSON, and an option that was not set has no key", () => {
  const definition = valid();
  expect(JSON.parse(JSON.stringify(definition))).toStrictEqual(definition);
  expect(Object.keys(definition).sort()).toEqual(["attemptsMax", "cancelOn", "concurrency", "name", "slug", "timeouts", "triggers", "url"]);
});

test("what is to last for ever lasts a hundred years: instants stay exact numbers", () => {
  const ms = 36_525 * 86_400_000;
  const ever = "99999999999999w";
  const options = {
    timeouts: { start: ever, finish: ever },
    cancel: [{ event: "c", timeout: ever }],
    throttle: { limit: 1, period: ever },
    debounce: { period: "1s", timeout: ever },
    checkpoint: { max_runtime: 1e300 },
  };
  expect(valid(options)).toMatchObject({
    timeouts: { startMs: ms, finishMs: ms },
    cancelOn: [{ until: { ms } }],
    throttle: { periodMs: ms },
    debounce: { timeoutMs: ms },
    checkpoint: { runtimeMsMax: ms },
  });
});

test("keys are read without regard to case, and null is the same as absent", () => {
  expect(valid({ Singleton: { Mode: "cancel", KEY: null }, RATELIMIT: { Limit: 1, Period: "1m" } })).toMatchObject({
    singleton: { mode: "cancel" },
    rateLimit: { limit: 1, periodMs: 60_000 },
  });
  const nulls = {
    Singleton: null,
    idempotency: null,
    batchEvents: null,
    concurrency: null,
    cancel: null,
    timeouts: null,
    checkpoint: null,
  };
  expect(valid(nulls)).toStrictEqual(valid());
  expect(valid({ triggers: null }).triggers).toEqual([]);
});

test("what the official SDKs send for a failure handler is valid", () => {
  const trigger = { event: "inngest/function.failed", expression: "event.data.function_id == 'shop-import'" };
  expect(valid({ id: "shop-import-failure", triggers: [trigger], steps: stepsWith({ retries: { attempts: 1 } }) }).attemptsMax).toBe(2);
});

test("a batch", () => {
  expect(
    valid({ batchEvents: { maxSize: 50, timeout: "1m30s", key: "event.data.tenant", if: "event.data.kind != 'urgent'" } }).batch,
  ).toEqual({
    sizeMax: 50,
    timeoutMs: 90_000,
    keyExpression: "event.data.tenant",
    condition: "event.data.kind != 'urgent'",
  });
});

describe("retries", () => {
  test.each([
    [{}, 5],
    [{ retries: 2 }, 3],
    [{ retries: 2, steps: stepsWith({ retries: { attempts: 0 } }) }, 1],
    [{ retries: 2, steps: stepsWith({ retries: { attempts: null } }) }, 3],
    [{ steps: stepsWith({ retries: { attempts: 99 } }) }, 21],
  ])("%j", (options, attemptsMax) => expect(valid(options).attemptsMax).toBe(attemptsMax));
});

describe("concurrency", () => {
  test.each([
    [10, { step: [{ limit: 10, scope: "fn" }] }],
    [0, { step: [] }],
    [{ limit: 0 }, { step: [] }],
    [{ limit: 2, scope: "Account", key: "'x'" }, { step: [{ limit: 2, scope: "account", keyExpression: "'x'" }] }],
    [
      [
        { limit: 9, hash: "" },
        { limit: 2, key: "event.data.a", scope: "" },
      ],
      {
        step: [
          { limit: 2, scope: "fn", keyExpression: "event.data.a" },
          { limit: 9, scope: "fn" },
        ],
      },
    ],
    [
      { fn: [{ limit: 1, key: "event.data.a" }], step: [{ limit: 3 }] },
      { run: { limit: 1, keyExpression: "event.data.a" }, step: [{ limit: 3, scope: "fn" }] },
    ],
    [{ fn: [{ limit: 1 }] }, { run: { limit: 1 }, step: [] }],
    [{ step: 3 }, { step: [{ limit: 3, scope: "fn" }] }],
    [{ fn: null, step: null }, { step: [] }],
    [{ Fn: null, Step: [{ limit: 2 }] }, { step: [{ limit: 2, scope: "fn" }] }],
  ])("%j", (concurrency, expected) => expect(valid({ concurrency }).concurrency).toStrictEqual(expected));

  test.each([
    [-1, "concurrency must be a whole number of at least 0, got -1"],
    ["5", 'concurrency must be an object, got "5"'],
    [[{ limit: 1 }, { limit: 2 }, { limit: 3 }], "concurrency must have at most 2 limits, got 3"],
    [{ fn: [{ limit: 1 }, { limit: 2 }] }, "concurrency.fn must have at most 1 limit, got 2"],
    [{ limit: 0, key: "event.data.a" }, "concurrency.limit must be a whole number of at least 1, got 0"],
    [{ key: "event.data.a" }, "concurrency.limit must be a whole number, but it is missing"],
    [[{ limit: 1, scope: "env" }], "concurrency[0].key must be an expression, because the scope is env, but it is missing"],
    [{ limit: 1, scope: "galaxy" }, 'concurrency.scope must be fn, env or account, got "galaxy"'],
    [{ fn: [{ limit: 1, scope: "account", key: "'x'" }] }, "concurrency.fn[0].scope must be fn, got account"],
    [
      { limit: 1, key: "data.a" },
      'concurrency.key must be a valid expression, got "data.a": line 1, column 1: unknown variable `data`; expected event or async',
    ],
  ])("refused: %j", (concurrency, message) => expect(problems({ concurrency })).toEqual([`concurrency_limit_invalid ${message}`]));
});

describe("refused", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ name: "" }, 'config_invalid name must be a text that is not empty, got ""'],
    [{ name: undefined }, "config_invalid name must be a text that is not empty, but it is missing"],
    [{ id: 5 }, "config_invalid id must be a text that is not empty, got 5"],
    [{ steps: {} }, "config_invalid steps must be an object with exactly one step"],
    [{ steps: { a: {}, b: {} } }, "config_invalid steps must be an object with exactly one step"],
    [{ steps: stepsWith({ name: "" }) }, 'config_invalid steps.step.name must be a text that is not empty, got ""'],
    [{ steps: stepsWith({ runtime: null }) }, "config_invalid steps.step.runtime must be an object with a url, but it is missing"],
    [
      { steps: stepsWith({ runtime: { url: "ftp://x/y" } }) },
      'config_invalid steps.step.runtime.url must be a URL that begins with http, https, ws or wss, got "ftp://x/y"',
    ],
    [
      { steps: stepsWith({ retries: { attempts: -1 } }) },
      "config_invalid steps.step.retries.attempts must be a whole number of at least 0, got -1",
    ],
    [{ triggers: {} }, "config_invalid triggers must be a list, got {}"],
    [
      { triggers: Array.from({ length: 11 }, (_, n) => ({ event: `e${n}` })) },
      "config_invalid triggers must have at most 10 items, got 11",
    ],
    [{ triggers: [{ event: "a" }, { event: "a" }] }, "config_invalid triggers[1] must differ from the triggers before it"],
    [
      { triggers: [{ cron: "* * * * *" }, { cron: "* * * * *", jitter: "1m" }] },
      "config_invalid triggers[1] must differ from the triggers before it",
    ],
    [
      { triggers: [{ event: "a", cron: "* * * * *" }] },
      "config_invalid triggers[0] must have either an event or a cron schedule, got both",
    ],
    [{ triggers: [{ event: null }] }, "config_invalid triggers[0] must have either an event or a cron schedule, got neither"],
    [{ triggers: [{ event: "" }] }, 'event_name_invalid triggers[0].event must be a text that is not empty, got ""'],
    [
      { triggers: [{ event: "x".repeat(256) }] },
      `event_name_invalid triggers[0].event must be at most 255 characters, got "${"x".repeat(99)}…`,
    ],
    [
      { triggers: [{ event: "a", expression: "event.data.a = 1" }] },
      'config_invalid triggers[0].expression must be a valid expression, got "event.data.a = 1": line 1, column 14: compare with == (unexpected character: =)',
    ],
    [{ triggers: [{ event: "a", expression: 5 }] }, "config_invalid triggers[0].expression must be an expression, got 5"],
    [
      { triggers: [{ cron: "@daily" }] },
      'schedule_invalid triggers[0].cron must be a cron schedule such as 0 9 * * MON, got "@daily": descriptors such as @daily are not supported; write 0 0 * * *',
    ],
    [
      { triggers: [{ cron: "* * * * *", jitter: "500ms" }] },
      'schedule_invalid triggers[0].jitter must be a duration from 1s to 5m, such as 30s, got "500ms"',
    ],
    [
      { triggers: [{ cron: "* * * * *", jitter: "6m" }] },
      'schedule_invalid triggers[0].jitter must be a duration from 1s to 5m, such as 30s, got "6m"',
    ],
    [{ rateLimit: { limit: 0, period: "1m" } }, "config_invalid rateLimit.limit must be a whole number of at least 1, got 0"],
    [{ rateLimit: { limit: 1 } }, "config_invalid rateLimit.period must be a duration of at most 24h, such as 1m, but it is missing"],
    [
      { rateLimit: { limit: 1, period: "25h" } },
      'config_invalid rateLimit.period must be a duration of at most 24h, such as 1m, got "25h"',
    ],
    [{ throttle: { limit: 1, period: "1 minute" } }, 'config_invalid throttle.period must be a duration such as 1m, got "1 minute"'],
    [{ debounce: { period: "8d" } }, 'config_invalid debounce.period must be a duration from 1s to 7d, such as 30s, got "8d"'],
    [{ debounce: { period: "1s", timeout: "soon" } }, 'config_invalid debounce.timeout must be a duration such as 10m, got "soon"'],
    [{ batchEvents: { maxSize: 1, timeout: "1s" } }, "batch_size_invalid batchEvents.maxSize must be a whole number of at least 2, got 1"],
    [
      { batchEvents: { maxSize: 2, timeout: "1d" } },
      'batch_timeout_invalid batchEvents.timeout must be a duration in h, m and s of at least 1s, such as 30s, got "1d"',
    ],
    [{ batchEvents: { maxSize: 2, timeout: "1s", key: "(" } }, "batch_key_expression_invalid batchEvents.key must be a valid expression"],
    [{ batchEvents: { maxSize: 2, timeout: "1s", if: "'x'" } }, "batch_if_expression_invalid batchEvents.if must be a valid expression"],
    [{ priority: { run: "'high'" } }, "config_invalid priority.run must be a valid expression"],
    [{ singleton: { mode: "queue" } }, 'config_invalid singleton.mode must be skip or cancel, got "queue"'],
    [{ singleton: {} }, "config_invalid singleton.mode must be skip or cancel, but it is missing"],
    [{ timeouts: { start: "soon" } }, 'config_invalid timeouts.start must be a duration such as 10m, got "soon"'],
    [{ cancel: Array.from({ length: 6 }, () => ({ event: "a" })) }, "config_invalid cancel must have at most 5 items, got 6"],
    [{ cancel: [{}] }, "event_name_invalid cancel[0].event must be the name of an event, but it is missing"],
    [{ cancel: [{ event: "a", if: "size(async.data.x) > 1" }] }, "config_invalid cancel[0].if must be a valid expression"],
    [
      { cancel: [{ event: "a", timeout: "tomorrow" }] },
      'config_invalid cancel[0].timeout must be a duration such as 1h, or an RFC 3339 date, got "tomorrow"',
    ],
    [
      { checkpoint: { max_runtime: 1.5 } },
      "config_invalid checkpoint.max_runtime must be a duration such as 2s, or a whole number of nanoseconds, got 1.5",
    ],
    [{ idempotency: "" }, "config_invalid idempotency must be a valid expression"],
  ])("%j", (options, message) => {
    const found = problems(options);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test.each([
    ["cancel", { cancel: [{ event: "a" }] }],
    ["debounce", { debounce: { period: "1s" } }],
    ["singleton", { singleton: { mode: "skip" } }],
    ["priority.run", { priority: { run: "1" } }],
  ])("a batch with %s", (option, options) => {
    expect(problems({ batchEvents: { maxSize: 2, timeout: "1s" }, ...options })).toEqual([
      `combo_unsupported batchEvents can't be combined with ${option}: remove one of them`,
    ]);
  });

  test("all problems are reported at once, with the function's name", () => {
    const result = parseFunctionConfig(rawConfig({ throttle: { period: "x" }, priority: { run: "(" } }));
    expect(result.kind === "invalid" && result.problems.map(({ path }) => path)).toEqual(["throttle.period", "priority.run"]);
    expect(result.kind === "invalid" && result.problems[0]?.message).toMatch(/^function "shop-import": throttle\.period must be/);
  });
});

describe("options that count as none", () => {
  test("empty timeouts, zero timeouts, an empty debounce key and zero jitter", () => {
    expect(valid({ timeouts: { start: "", finish: "0" } }).timeouts).toStrictEqual({});
    expect(valid({ debounce: { period: "1s", key: "" } }).debounce).toStrictEqual({ periodMs: 1_000 });
    expect(valid({ triggers: [{ cron: "* * * * *", jitter: "0" }] }).triggers).toStrictEqual([{ kind: "cron", cron: "* * * * *" }]);
  });
  test("a throttle limit of 0 is 1", () => expect(valid({ throttle: { limit: 0, period: "1s" } }).throttle?.limit).toBe(1));
  test("an empty id is made of the name", () => {
    expect(valid({ id: "", name: "Send the Receipt!" }).slug).toBe("send-the-receipt");
    expect(slugOf("  Ünïcode & more  ")).toBe("ünïcode-more");
  });
});

describe("cron schedules", () => {
  const triggers = (cron: string): Record<string, unknown> => ({ triggers: [{ cron }] });
  test.each([
    "* * * * *",
    "0 9 * * MON",
    "*/15 0-6,8-12/2 1,15 JAN-mar ?",
    "TZ=Europe/Paris 30 2 * * *",
    "CRON_TZ=UTC 0 0 1 1 0",
    "  0  0 * * sun ",
  ])("%s", (cron) => expect(problems(triggers(cron))).toEqual([]));
  test.each([
    ["* * * *", /it has 4 fields, but needs five/],
    ["0 * * * * *", /it has 6 fields/],
    ["60 * * * *", /the minute "60" must be \* or numbers from 0 to 59/],
    ["* 24 * * *", /the hour/],
    ["* * 0 * *", /the day of month/],
    ["* * L * *", /the day of month/],
    ["* * * 13 *", /the month "13" must be \* or numbers from 1 to 12, or JAN to DEC/],
    ["* * * * 8", /day of week/],
    ["* * * * MON#1", /the day of week/],
    ["5-1 * * * *", /the minute/],
    ["*/0 * * * *", /the minute/],
    ["1,,2 * * * *", /the minute/],
    ["TZ=Mars/Base * * * * *", /no time zone "Mars\/Base"/],
    ["@every 5m", /descriptors such as @every/],
    [`${"1,".repeat(200)}1 * * * *`, /at most 255/],
  ])("refused: %s", (cron, message) => expect(problems(triggers(cron))[0]).toMatch(message));
});

test("property: parsing never throws on any JSON, and what is valid survives JSON", () => {
  const options = [
    "id",
    "name",
    "triggers",
    "steps",
    "concurrency",
    "batchEvents",
    "cancel",
    "limit",
    "period",
    "key",
    "event",
    "cron",
    "timeout",
    "fn",
    "step",
  ];
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, 0, 1, -1, 0.5, "", "1s", "event.data.x", "* * * * *", true),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...options, "__proto__"), tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  const config = fc.oneof(json, fc.dictionary(fc.constantFrom(...options), json).map(rawConfig));
  fc.assert(
    fc.property(config, (raw) => {
      const result = parseFunctionConfig(raw);
      if (result.kind === "invalid") expect(result.problems).not.toEqual([]);
      else expect(JSON.parse(JSON.stringify(result.config))).toStrictEqual(result.config);
    }),
    { numRuns: 2_000 },
  );
});
