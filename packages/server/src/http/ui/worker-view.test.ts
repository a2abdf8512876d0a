import { registerApp } from "../../app/register.ts";
import { expect, test } from "vitest";
import { functionConfig, START, testServer } from "../test-server.fixture.ts";
import { readyWorker, servedApp } from "../worker.fixture.ts";

test("workers are told with what they can do and have, those that came last first", async () => {
  const busy = readyWorker({
    connectionId: "c2",
    connectedAt: START + 5,
    platform: "fly",
    system: { cpuCores: 2, memBytes: 8, os: "linux" },
  });
  busy.requests.add("r1").add("r2");
  busy.heardAt = START + 9;
  const free = readyWorker({ capacity: Number.POSITIVE_INFINITY, address: "" });
  free.phase = "draining";
  const server = await testServer({ workers: { all: () => [free, busy], left: () => [] } });
  expect((await server.get("/ui/v1/workers")).body).toEqual({
    total: 2,
    appsWithout: [],
    left: [],
    items: [
      {
        id: "c2",
        instanceId: "host-1",
        status: "ready",
        apps: [{ name: "shop", isRegistered: false, functionSlugs: ["shop-import"] }],
        sdk: "js:v4.24.0",
        platform: "fly",
        os: "linux",
        cpuCores: 2,
        memBytes: 8,
        address: "127.0.0.1",
        capacity: 10,
        inUse: 2,
        connectedAt: START + 5,
        heardAt: START + 9,
      },
      {
        id: "c1",
        instanceId: "host-1",
        status: "draining",
        apps: [{ name: "shop", isRegistered: false, functionSlugs: ["shop-import"] }],
        sdk: "js:v4.24.0",
        inUse: 0,
        connectedAt: START,
        heardAt: START,
      },
    ],
  });
  await server.stop();
});

test("each app of a worker says whether its version is the registered one; an app without workers is named", async () => {
  const workers = [readyWorker()];
  const server = await testServer({ workers: { all: () => workers, left: () => [] } });
  for (const appName of ["etl", "crm"])
    await registerApp(server.engine, {
      appName,
      url: `ws://connect?app_name=${appName}`,
      sdk: "js:v1",
      framework: "connect",
      method: "connect",
      functions: [functionConfig(`${appName}-load`)],
    });
  const { id = "", checksum = "" } = server.engine.registry.appByName("etl") ?? {};
  workers[0] = readyWorker({
    apps: [servedApp({ id, name: "etl", group: checksum, version: "v2" }), servedApp({ id, name: "etl", group: "old", version: "v1" })],
  });
  const { items, appsWithout } = (await server.get("/ui/v1/workers")).body;
  expect(items[0].apps).toMatchObject([
    { version: "v2", isRegistered: true },
    { version: "v1", isRegistered: false },
  ]);
  expect(appsWithout).toEqual(["crm"]);
  await server.stop();
});

test("of very many workers a part is listed, and how many there are", async () => {
  const many = Array.from({ length: 201 }, (_, index) => readyWorker({ connectionId: `c${index}` }));
  const server = await testServer({ workers: { all: () => many, left: () => [] } });
  const { items, total } = (await server.get("/ui/v1/workers")).body;
  expect([items.length, total]).toEqual([200, 201]);
  await server.stop();
});

test("a server that takes no workers has none", async () => {
  const server = await testServer();
  expect((await server.get("/ui/v1/workers")).body).toEqual({ items: [], total: 0, appsWithout: [], left: [] });
  await server.stop();
});

test("workers that left last are listed with the reason", async () => {
  const { facts } = readyWorker({ connectionId: "c0", apps: [servedApp(), servedApp({ id: "app-2", name: "etl" })] });
  const leave = { at: START + 3_000, reason: "UNEXPECTED" } as const;
  const many = Array.from({ length: 60 }, () => ({ facts, heardAt: START + 2_000, leave }));
  const server = await testServer({ workers: { all: () => [], left: () => many } });
  const { left } = (await server.get("/ui/v1/workers")).body;
  expect(left).toHaveLength(50);
  expect(left[0]).toEqual({
    id: "c0",
    instanceId: "host-1",
    sdk: "js:v4.24.0",
    connectedAt: START,
    heardAt: START + 2_000,
    appNames: ["shop", "etl"],
    leftAt: START + 3_000,
    reason: "cut-off",
  });
  await server.stop();
});
