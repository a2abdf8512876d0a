import { describe, expect, test } from "vitest";
import { z } from "zod";
import { eventType } from "../event/event-type.ts";
import { staticSchema } from "../event/standard-schema.ts";
import { call, event, memo, testClient } from "../run/call.fixture.ts";
import { cron, invoke } from "../trigger/trigger.ts";
import { functionConfigs } from "./config.ts";
import { referenceFunction } from "./function.ts";
import type { AnyFunctionOptions } from "./options.ts";

const target = { type: "http", url: "https://shop.example/api/pawl?x=1" } as const;

describe("configuration", () => {
  test("every option travels in the protocol's form", () => {
    const client = testClient();
    const paid = eventType("order/paid", { schema: staticSchema<{ order: number }>() });
    const fn = client.createFunction(
      {
        id: "import",
        name: "Import catalogue",
        description: "not sent",
        triggers: [
          { event: "catalogue/uploaded", if: "event.data.size < 1000000" },
          cron("0 3 * * *", { jitter: "2m" }),
          paid,
          { event: paid, if: "true" },
          invoke(staticSchema()),
        ],
        retries: 2,
        concurrency: [{ limit: 5 }, { limit: 1, key: "event.data.tenant", scope: "env" }],
        rateLimit: { limit: 10, period: 60_000, key: "event.data.tenant" },
        throttle: { limit: 20, period: "1m", burst: 2 },
        debounce: { period: "30s", timeout: "10m", key: "event.data.tenant" },
        priority: { run: "event.data.vip ? 120 : 0" },
        timeouts: { start: "10m", finish: "2 hours" },
        cancelOn: [
          { event: "catalogue/withdrawn", match: "data.id", timeout: "1h" },
          { event: paid, if: "async.data.x" },
        ],
        singleton: { mode: "skip", key: "event.data.tenant" },
        idempotency: "event.data.id",
      },
      () => 1,
    );
    expect(functionConfigs(fn, target)).toEqual([
      {
        id: "shop-import",
        name: "Import catalogue",
        triggers: [
          { event: "catalogue/uploaded", expression: "event.data.size < 1000000" },
          { cron: "0 3 * * *", jitter: "2m" },
          { event: "order/paid" },
          { event: "order/paid", expression: "true" },
        ],
        steps: {
          step: {
            id: "step",
            name: "step",
            runtime: { type: "http", url: "https://shop.example/api/pawl?x=1&fnId=shop-import&stepId=step" },
            retries: { attempts: 2 },
          },
        },
        concurrency: [{ limit: 5 }, { limit: 1, key: "event.data.tenant", scope: "env" }],
        rateLimit: { limit: 10, period: "1m", key: "event.data.tenant" },
        throttle: { limit: 20, period: "1m", burst: 2 },
        debounce: { period: "30s", timeout: "10m", key: "event.data.tenant" },
        priority: { run: "event.data.vip ? 120 : 0" },
        timeouts: { start: "10m", finish: "2h" },
        cancel: [
          { event: "catalogue/withdrawn", if: "event.data.id == async.data.id", timeout: "1h" },
          { event: "order/paid", if: "async.data.x" },
        ],
        singleton: { mode: "skip", key: "event.data.tenant" },
        idempotency: "event.data.id",
      },
    ]);
  });

  test("a batch's timeout has no days, which its grammar lacks", () => {
    const fn = testClient().createFunction(
      { id: "bulk", batchEvents: { maxSize: 50, timeout: "1d", if: "true" } },
      { event: "stock/*" },
      () => 1,
    );
    expect(functionConfigs(fn, target)).toMatchObject([
      { batchEvents: { maxSize: 50, timeout: "86400s", if: "true" }, triggers: [{ event: "stock/*" }] },
    ]);
  });

  test("without triggers, and with one of direct invocation, nothing starts the function by itself", () => {
    const client = testClient();
    expect(
      functionConfigs(
        client.createFunction({ id: "a" }, () => 1),
        target,
      ),
    ).toMatchObject([{ triggers: [] }]);
    expect(
      functionConfigs(
        client.createFunction({ id: "b" }, { event: "inngest/function.invoked" }, () => 1),
        target,
      ),
    ).toMatchObject([{ triggers: [] }]);
  });
});

test("retries travel with their backoff, and always with their number", () => {
  const retriesOf = (retries: AnyFunctionOptions["retries"]) => {
    const fn = testClient().createFunction({ id: "f", ...(retries === undefined ? {} : { retries }) }, () => 1);
    return functionConfigs(fn, target)[0]?.steps["step"]?.retries;
  };
  const backoff = { kind: "linear", min: 1_500, max: "1 hour", factor: 3, jitter: 0.5 } as const;
  expect(retriesOf({ attempts: 7, backoff })).toEqual({ attempts: 7, backoff: { ...backoff, min: "1s500ms", max: "1h" } });
  expect(retriesOf({ backoff: { min: "5s" } })).toEqual({ attempts: 4, backoff: { min: "5s" } });
  expect(retriesOf({ attempts: 0 })).toEqual({ attempts: 0 });
  expect(retriesOf(undefined)).toBeUndefined();
});

test("a schedule says what is to be done about missed and overlapping ticks", () => {
  const fn = testClient().createFunction({ id: "f", triggers: cron("0 3 * * *", { missed: "skip", overlap: false }) }, () => 1);
  expect(functionConfigs(fn, target)).toMatchObject([{ triggers: [{ cron: "0 3 * * *", missed: "skip", overlap: false }] }]);
});

describe("mistakes are told when the function is defined", () => {
  test.each<[Partial<AnyFunctionOptions>, string]>([
    [{ id: "" }, "non-empty `id`"],
    [{ retries: 21 }, 'Function "f", option `retries`: expected a whole number from 0 to 20, received 21.'],
    [{ retries: 1.5 }, "whole number"],
    [{ retries: "3" as never }, "option `retries`: expected a number or { attempts, backoff }"],
    [{ retries: { attempts: -1 } }, 'Function "f", option `retries.attempts`: expected a whole number from 0 to 20, received -1.'],
    [{ retries: { backoff: {} as never } }, "`retries.backoff.min`"],
    [{ retries: { backoff: { min: 0 } } }, "`retries.backoff.min`: expected a duration from 1 ms to 24 h, received 0."],
    [{ retries: { backoff: { min: "1s", max: "2d" } } }, "`retries.backoff.max`: expected a duration from 1 ms to 24 h"],
    [{ retries: { backoff: { min: "1m", max: "1s" } } }, "`retries.backoff.max`: expected a duration that is not shorter than `min`"],
    [{ retries: { backoff: { min: "1s", kind: "random" as never } } }, "`retries.backoff.kind`"],
    [{ retries: { backoff: { min: "1s", factor: 11 } } }, "`retries.backoff.factor`: expected a number from 1 to 10, received 11."],
    [{ retries: { backoff: { min: "1s", jitter: -1 } } }, "`retries.backoff.jitter`"],
    [{ concurrency: { fn: { limit: 0 } } }, "`concurrency.fn.limit`"],
    [{ concurrency: -1 }, "`concurrency.limit`"],
    [{ concurrency: [{ limit: 1 }, { limit: 2 }, { limit: 3 }] }, "at most 2 limits"],
    [{ concurrency: { limit: 1, scope: "account" } }, "a `key` beside the scope"],
    [{ rateLimit: { limit: 1, period: "25h" } }, "`rateLimit.period`: expected a duration from 1 to 86400000 ms"],
    [{ throttle: { limit: 0, period: "1s" } }, "`throttle.limit`"],
    [{ debounce: { period: "500ms" } }, "`debounce.period`"],
    [{ timeouts: { start: "soon" as "1s" } }, '`timeouts.start`: expected milliseconds or a duration such as "30s" or "1d12h", not "soon"'],
    [{ batchEvents: { maxSize: 1, timeout: "5s" } }, "`batchEvents.maxSize`"],
    [{ batchEvents: { maxSize: 5, timeout: "5s" }, singleton: { mode: "skip" } }, "no `singleton` beside it"],
    [{ singleton: { mode: "wait" as "skip" } }, '`singleton.mode`: expected "skip" or "cancel", received "wait"'],
    [{ cancelOn: Array.from({ length: 6 }, () => ({ event: "x" })) }, "at most 5 events"],
    [{ cancelOn: [{ event: "x", if: "a", match: "b" }] }, "either `if` or `match`"],
    [{ triggers: Array.from({ length: 11 }, () => ({ event: "x" })) }, "at most 10"],
    [{ triggers: { on: "x" } as never }, "`triggers[0]`: expected { event }"],
    [{ triggers: { cron: "* * * * *", jitter: "10m" } }, "`triggers[0].jitter`"],
    [
      { triggers: { cron: "* * * * *", missed: "none" as "one" } },
      '`triggers[0].missed`: expected "one", "all" or "skip", received "none".',
    ],
    [{ triggers: { cron: "* * * * *", overlap: 1 as never } }, "`triggers[0].overlap`"],
    [{ triggers: { event: "x".repeat(256) } }, "at most 255 characters"],
    [{ onFailure: 1 as never }, "`onFailure`: expected a function"],
  ])("%j", (options, message) => {
    expect(() => testClient().createFunction({ id: "f", ...options }, () => 1)).toThrow(message);
  });

  test("a handler is needed", () => {
    expect(() => testClient().createFunction({ id: "f" }, undefined as never)).toThrow("(options, handler) or (options, trigger, handler)");
  });
});

describe("schemas", () => {
  const paid = eventType("order/paid", { schema: z.object({ order: z.coerce.number(), note: z.string().default("none") }) });

  test("the handler gets what the schema yields", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "f" }, paid, (ctx) => ctx.event.data);
    expect(await call(client, fn, { events: [{ ...event, data: { order: "12" } }] })).toMatchObject({ text: '{"order":12,"note":"none"}' });
  });

  test("an event that doesn't fit ends the run before the handler", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "f" }, { event: paid }, () => "entered");
    expect(await call(client, fn, { events: [{ ...event, data: { order: "x" } }] })).toMatchObject({
      kind: "error",
      noRetry: true,
      error: { name: "EventValidationError" },
    });
  });

  test("a direct invocation is checked by its own schema", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "f" }, [invoke(z.object({ a: z.number() })), { event: "x" }], (ctx) => ctx.event.data);
    const invoked = { ...event, name: "inngest/function.invoked" };
    expect(await call(client, fn, { events: [{ ...invoked, data: { a: 1, b: 2 } }] })).toMatchObject({ text: '{"a":1}' });
    expect(await call(client, fn, { events: [{ ...invoked, data: { a: "1" } }] })).toMatchObject({ kind: "error" });
  });

  test("an awaited event is checked too", async () => {
    const client = testClient();
    const fn = client.createFunction({ id: "f" }, async ({ step }) => (await step.waitForEvent("w", { event: paid, timeout: "1h" }))?.data);
    const awaited = { name: "order/paid", id: "1", ts: 1, user: {} };
    expect(await call(client, fn, memo({ w: { ...awaited, data: { order: "3" } } }))).toMatchObject({ text: '{"order":3,"note":"none"}' });
    expect(await call(client, fn, memo({ w: { ...awaited, data: {} } }))).toMatchObject({ kind: "error", noRetry: true });
    expect(await call(client, fn, memo({ w: null }))).toMatchObject({ text: "null" });
  });
});

test("a reference names a function of this or another app", async () => {
  const client = testClient();
  const fn = client.createFunction({ id: "f" }, ({ step }) =>
    Promise.all([
      step.invoke("a", { function: referenceFunction({ functionId: "x" }) }),
      step.invoke("b", { function: referenceFunction({ functionId: "x", appId: "other" }) }),
    ]),
  );
  expect((await call(client, fn)).wire.map((op) => op.opts?.["function_id"])).toEqual(["shop-x", "other-x"]);
});

test("limits of whole runs go beside those of steps", () => {
  const client = testClient();
  const configOf = (concurrency: AnyFunctionOptions["concurrency"]) => {
    const fn = client.createFunction({ id: "f", ...(concurrency === undefined ? {} : { concurrency }) }, () => 1);
    return functionConfigs(fn, target)[0]?.concurrency;
  };
  expect(configOf({ fn: { limit: 2, key: "event.data.user" } })).toEqual({ fn: [{ limit: 2, key: "event.data.user" }] });
  expect(configOf({ fn: { limit: 2 }, step: 5 })).toEqual({ fn: [{ limit: 2 }], step: [{ limit: 5 }] });
  expect(configOf({ step: [{ limit: 1 }] })).toEqual([{ limit: 1 }]);
});
