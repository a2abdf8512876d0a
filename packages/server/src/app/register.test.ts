import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import { Engine } from "../core/engine.ts";
import { systemClock } from "../ports/clock.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { registerApp } from "./register.ts";

const invoker = { call: () => Promise.reject(new Error("not called")), close: async () => {} };

function register(options: Readonly<Record<string, unknown>>, engine = engineOf()) {
  const step = { id: "step", name: "step", runtime: { type: "http", url: "http://127.0.0.1:1/api/pawl?fnId=shop-f&stepId=step" } };
  const config = { id: "shop-f", name: "f", triggers: [{ event: "a" }], steps: { step }, ...options };
  return registerApp(engine, {
    appName: "shop",
    url: "http://127.0.0.1:1/api/pawl",
    sdk: "js:v4.24.0",
    framework: "x",
    method: "serve",
    functions: [config],
  });
}

function engineOf(): Engine {
  return new Engine({ store: openMemoryStore(), clock: systemClock, random: systemRandom(), logger: silentLogger, invoker });
}

test("a broken trigger expression is refused with the function's name and the reason", async () => {
  const result = await register({ triggers: [{ event: "a", expression: "event.data.x ==" }] });
  expect(result).toMatchObject({ kind: "refused", code: "config_invalid" });
  expect(result.kind === "refused" && result.problems[0]?.message).toMatch(/shop-f|\bf\b/);
});

test("the same registration again changes nothing; another raises the version and keeps the id", async () => {
  const engine = engineOf();
  expect(await register({}, engine)).toMatchObject({ kind: "registered", isModified: true });
  const before = engine.registry.functionBySlug("shop-f");
  expect(await register({}, engine)).toMatchObject({ isModified: false });
  await register({ concurrency: 3 }, engine);
  expect(engine.registry.functionBySlug("shop-f")).toMatchObject({ id: before?.id, version: 2 });
});
