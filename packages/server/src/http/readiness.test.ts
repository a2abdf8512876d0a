import fastify from "fastify";
import { expect, test } from "vitest";
import type { Store } from "@pawl/store";
import { silentLogger } from "../ports/logger.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { Readiness, readyRoutes } from "./readiness.ts";

type Apply = Store["apply"];

function readiness(apply: Apply): { readonly ready: Readiness; readonly clock: ManualClock; readonly get: () => Promise<unknown> } {
  const clock = new ManualClock();
  const ready = new Readiness({ store: { apply }, clock, logger: silentLogger });
  const app = fastify();
  readyRoutes(ready)(app);
  return {
    ready,
    clock,
    get: async () => {
      const { statusCode, body } = await app.inject("/ready");
      const { code } = JSON.parse(body) as { readonly code?: string };
      return code === undefined ? statusCode : [statusCode, code];
    },
  };
}

test("it is ready between the engine's start and the beginning of the end", async () => {
  const { ready, clock, get } = readiness(async () => ({ kind: "applied" }));
  expect(await get()).toEqual([503, "starting"]);
  ready.started();
  expect(await get()).toBe(200);
  ready.drain();
  expect(await get()).toEqual([503, "draining"]);
  expect(clock.timerCount).toBe(0);
});

test("a store that fails makes it not ready, until it works again", async () => {
  let isBroken = true;
  const { ready, get } = readiness(async () => {
    if (isBroken) throw new Error("disk full");
    return { kind: "applied" };
  });
  ready.started();
  expect(await get()).toEqual([503, "store-unavailable"]);
  isBroken = false;
  expect(await get()).toBe(200);
});

test("a store that does not answer makes it not ready in less than a second, and is asked once", async () => {
  let asked = 0;
  const { ready, clock } = readiness(() => ((asked += 1), new Promise(() => {})));
  ready.started();
  const answers = Promise.all([ready.check(), ready.check(), ready.check()]);
  await clock.advance(1_000);
  expect(await answers).toMatchObject([{ code: "store-unavailable" }, { code: "store-unavailable" }, { code: "store-unavailable" }]);
  expect(asked).toBe(1);
});
