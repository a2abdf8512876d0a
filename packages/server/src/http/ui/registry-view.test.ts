import { afterEach, expect, test } from "vitest";
import { START, testServer, type TestServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function functionWith(config: Readonly<Record<string, unknown>>) {
  server = await testServer({ config });
  return (await server.get("/ui/v1/functions")).body.items[0];
}

test("a function that asks for nothing has its number of attempts and no other option", async () => {
  expect((await functionWith({})).options).toEqual({ attemptsMax: 5, concurrency: { step: [] }, cancelOn: [], timeouts: {} });
});

test("options are given in milliseconds, with their defaults", async () => {
  const { options } = await functionWith({
    concurrency: { step: [{ limit: 2, key: "event.data.user" }], fn: [{ limit: 7 }] },
    throttle: { limit: 5, period: "1m" },
    rateLimit: { limit: 1, period: "10s", key: "event.data.user" },
    singleton: { mode: "skip" },
    cancel: [{ event: "shop/stopped", if: "event.data.id == async.data.id" }],
    timeouts: { start: "30s" },
  });
  expect(options).toMatchObject({
    throttle: { limit: 5, periodMs: 60_000, burst: 0 },
    rateLimit: { limit: 1, periodMs: 10_000, keyExpression: "event.data.user" },
    singleton: { mode: "skip" },
    cancelOn: [{ event: "shop/stopped", condition: "event.data.id == async.data.id" }],
    timeouts: { startMs: 30_000 },
  });
  expect(options.concurrency.step).toContainEqual({ limit: 2, scope: "fn", keyExpression: "event.data.user" });
});

test("a schedule says when it ticks next, by the server's clock", async () => {
  const { triggers } = await functionWith({ triggers: [{ cron: "0 * * * *" }] });
  const hourMs = 3_600_000;
  expect(triggers).toEqual([{ cron: "0 * * * *", nextAt: Math.floor(START / hourMs + 1) * hourMs }]);
});
