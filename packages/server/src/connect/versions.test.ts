/** Which version of an app is registered while several connect. */
import { openMemoryStore } from "@pawl/store-memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConnectWorld, connectWorld } from "./connect.fixture.ts";

let world: ConnectWorld;

beforeEach(async () => {
  world = await connectWorld();
});

afterEach(async () => {
  await world.stop();
  expect(world.logged).toEqual([]);
});

describe("versions", () => {
  const current = { version: "2", functions: ["shop-import", "shop-export"] } as const;

  test("most calls go to workers of the newest version", async () => {
    const [old, fresh] = [await world.worker({ version: "1", limit: 1_000 }), await world.worker({ ...current, limit: 1_000 })];
    for (let count = 0; count < 60; count++) {
      await world.send();
      for (const worker of [old, fresh]) for (const request of worker.requests.slice(-1)) worker.answer(request, 1);
      await world.settle();
    }
    expect(old.requests.length + fresh.requests.length).toBe(60);
    // 10 to 1; that fewer than 30 of 60 go to the new one has a chance of 1 in 10^17.
    expect(fresh.requests.length).toBeGreaterThan(30);
  });

  test("an old worker that reconnects does not take the registration back", async () => {
    const old = await world.worker({ version: "1" });
    await world.worker(current);
    old.cut();
    await world.worker({ version: "1" });
    expect(world.engine.registry.functionBySlug("shop-export")?.archivedAt).toBeUndefined();
    expect(world.engine.registry.appByName("shop")).toMatchObject({ appVersion: "2", method: "connect", sdk: "test:v1" });
  });

  /** The version that is registered, and whether what only the newer one has is. */
  function registered(): readonly unknown[] {
    const { registry } = world.engine;
    return [registry.appByName("shop")?.appVersion, registry.functionBySlug("shop-export")?.archivedAt === undefined];
  }

  test("when none of the newer version has been there for 30 s, the older one registers again: a rollback", async () => {
    const old = await world.worker({ version: "1" });
    const fresh = await world.worker(current);
    old.cut();
    fresh.cut();
    await world.worker({ version: "1" });
    await world.advance(29_999);
    expect(registered()).toEqual(["2", true]);
    await world.advance(1);
    expect(registered()).toEqual(["1", false]);
  });

  test("the older one that stayed takes over, and the newer one again when the older has gone", async () => {
    const old = await world.worker({ version: "1" });
    (await world.worker(current)).cut();
    await world.advance(30_000);
    expect(registered()).toEqual(["1", false]);
    await world.worker(current);
    expect(registered()).toEqual(["1", false]);
    old.cut();
    await world.advance(30_000);
    expect(registered()).toEqual(["2", true]);
  });

  test("a version that has just registered is not given up for an old worker that comes in the same turn", async () => {
    await world.worker({ version: "1" });
    await world.advance(60_000);
    await Promise.all([world.introduce(current), world.introduce({ version: "1", instanceId: "other" })]);
    expect(registered()).toEqual(["2", true]);
  });

  test("a worker of the newer version that restarts in time changes nothing", async () => {
    await world.worker({ version: "1" });
    (await world.worker(current)).cut();
    await world.advance(20_000);
    const again = await world.worker(current);
    await world.advance(20_000);
    again.cut();
    await world.advance(20_000);
    expect(registered()).toEqual(["2", true]);
  });

  test("after a restart of the server in the middle of a deploy, an old worker that is first does not take the registration", async () => {
    const store = openMemoryStore();
    await world.stop();
    world = await connectWorld(store);
    await world.worker({ version: "1" });
    await world.worker(current);
    await world.stop();
    world = await connectWorld(openMemoryStore({ snapshot: store.snapshot() }));
    await world.worker({ version: "1" });
    expect(registered()).toEqual(["2", true]);
    await world.worker({ version: "3" });
    expect(registered()).toEqual(["3", false]);
  });
});
