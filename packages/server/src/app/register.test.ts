import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, test } from "vitest";
import { Engine } from "../core/engine.ts";
import { systemClock } from "../ports/clock.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { archiveApp } from "./archive-app.ts";
import { registerApp, type Registration } from "./register.ts";

const invoker = { call: () => Promise.reject(new Error("not called")), close: async () => {} };

function register(options: Readonly<Record<string, unknown>>, engine = engineOf(), over: Partial<Registration> = {}) {
  const step = { id: "step", name: "step", runtime: { type: "http", url: "http://127.0.0.1:1/api/pawl?fnId=shop-f&stepId=step" } };
  const config = { id: "shop-f", name: "f", triggers: [{ event: "a" }], steps: { step }, ...options };
  return registerApp(engine, {
    appName: "shop",
    url: "http://127.0.0.1:1/api/pawl",
    sdk: "js:v4.24.0",
    framework: "x",
    method: "serve",
    functions: [config],
    ...over,
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

describe("the history of syncs", () => {
  const BROKEN = { triggers: [{ event: "a", expression: "event.data.x ==" }] };
  const historyOf = async (engine: Engine) => engine.store.history.syncsOfApp(engine.registry.appByName("shop")?.id ?? "");

  test("has what changed something, by whom and what; the app's answer names it", async () => {
    const engine = engineOf();
    const first = await register({}, engine);
    const again = await register({}, engine);
    await register({ concurrency: 3 }, engine, { appVersion: "7" });
    const [second, initial, ...rest] = await historyOf(engine);
    expect(rest).toEqual([]);
    expect(initial).toMatchObject({ source: "app", sdk: "js:v4.24.0", functionCount: 1, diff: { added: ["shop-f"], changed: [] } });
    expect([first, again]).toMatchObject([
      { isModified: true, syncId: initial?.id },
      { isModified: false, syncId: initial?.id },
    ]);
    expect(second).toMatchObject({ appVersion: "7", diff: { app: [{ path: "appVersion", after: '"7"' }], added: [], removed: [] } });
    expect(second?.diff.changed).toEqual([
      {
        slug: "shop-f",
        changes: [
          { path: "concurrency.step.0.limit", after: "3" },
          { path: "concurrency.step.0.scope", after: '"fn"' },
        ],
      },
    ]);
  });

  test("has a refusal once, with its reason; the app is in error until it registers, and its functions stay as they are", async () => {
    const engine = engineOf();
    await register({}, engine);
    await register(BROKEN, engine);
    await register(BROKEN, engine);
    const { id } = engine.registry.functionBySlug("shop-f") ?? {};
    expect(engine.registry.appByName("shop")?.error).toContain("event.data.x ==");
    expect(await register({}, engine)).toMatchObject({ isModified: false });
    expect(engine.registry.appByName("shop")?.error).toBeUndefined();
    expect(engine.registry.functionById(id ?? "")?.version).toBe(1);
    const [recovered, refused, ...rest] = await historyOf(engine);
    expect(rest).toHaveLength(1);
    expect(refused).toMatchObject({ functionCount: 1, diff: { added: [] } });
    expect(refused?.error).toContain("event.data.x ==");
    expect(recovered).toMatchObject({ diff: { app: [], added: [], removed: [], changed: [] } });
    expect(recovered?.error).toBeUndefined();
  });

  test("a worker that is refused does not put the app of the others in error", async () => {
    const engine = engineOf();
    const served = { method: "connect", url: "ws://connect?app_name=shop" } as const;
    await register({}, engine, served);
    await register(BROKEN, engine, served);
    await register(BROKEN, engine, served);
    expect(engine.registry.appByName("shop")?.error).toBeUndefined();
    expect((await historyOf(engine)).map(({ source, error }) => [source, error === undefined])).toEqual([
      ["worker", false],
      ["worker", true],
    ]);
  });

  test("names an app that changes its URL, and one that comes back", async () => {
    const engine = engineOf();
    await register({}, engine);
    await register({}, engine, { url: "http://127.0.0.1:2/api/pawl" });
    expect((await historyOf(engine))[0]?.diff.app).toMatchObject([{ path: "url", after: '"http://127.0.0.1:2/api/pawl"' }]);
    const app = engine.registry.appByName("shop");
    if (app !== undefined) await archiveApp(engine, app);
    await register({}, engine, { url: "http://127.0.0.1:2/api/pawl" });
    expect((await historyOf(engine))[0]?.diff).toMatchObject({ app: [], added: ["shop-f"] });
  });

  test("is of nobody's while no app has the name", async () => {
    const engine = engineOf();
    await register(BROKEN, engine);
    expect(engine.registry.apps()).toEqual([]);
  });
});
