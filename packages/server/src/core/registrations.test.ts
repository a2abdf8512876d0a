import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import { registerApp } from "../app/register.ts";
import { answer, functionConfig, type Json, settled, testServer, type TestServer } from "../http/test-server.fixture.ts";

const APP = { appName: "shop", url: "http://127.0.0.1:9/api/pawl", sdk: "js:v4.24.0", framework: "express", method: "serve" } as const;

function register(server: TestServer, over: Readonly<Record<string, unknown>>): ReturnType<typeof registerApp> {
  return registerApp(server.engine, { ...APP, functions: [functionConfig("shop-import", over)] });
}

function row(server: TestServer): ReturnType<TestServer["engine"]["registry"]["functionBySlug"]> {
  return server.engine.registry.functionBySlug("shop-import");
}

test("a pause and a registration at the same time: both count, in either order", async () => {
  const server = await testServer();
  const { id = "" } = row(server) ?? {};
  await Promise.all([register(server, { name: "second" }), server.engine.pause(id, "hold")]);
  expect(row(server)).toMatchObject({ name: "second", paused: { mode: "hold" }, version: 2 });
  await Promise.all([server.engine.pause(id, undefined), register(server, { name: "third" })]);
  expect(row(server)).toMatchObject({ name: "third", version: 3 });
  expect(row(server)?.paused).toBeUndefined();
  const { functions } = await server.engine.store.loadRegistry();
  expect(functions).toEqual([row(server)]);
  await server.stop();
});

test("two registrations at the same time: the second follows on the first", async () => {
  const server = await testServer();
  await Promise.all([register(server, { name: "second" }), register(server, { name: "third" })]);
  expect(row(server)).toMatchObject({ name: "third", version: 3 });
  await server.stop();
});

test("a function and its schedule are stored together or not at all; the next registration stores both", async () => {
  let isFailing = false;
  const faults = {
    beforeCommit: (): void => {
      if (isFailing) throw new Error("The disk is full.");
    },
  };
  const store = openMemoryStore({ faults });
  const server = await testServer({ engine: { store } });
  const scheduled = { triggers: [{ cron: "* * * * *" }] };
  isFailing = true;
  await expect(register(server, scheduled)).rejects.toThrow(/disk/);
  expect(row(server)?.version).toBe(1);
  isFailing = false;
  expect(await register(server, scheduled)).toMatchObject({ kind: "registered", isModified: true });
  await server.clock.advance(61_000);
  const runs = (await server.get("/ui/v1/runs")).body.items;
  expect(runs).toHaveLength(1);
  await server.stop();
});

test.each(["stored", "not stored"])(
  "what was answered as failed, and is %s, is known as it is stored, before anything is built on it",
  async (what) => {
    const fault = (): void => {
      if (isFailing) throw new Error("The disk is full.");
    };
    let isFailing = false;
    const store = openMemoryStore({ faults: what === "stored" ? { afterCommit: fault } : { beforeCommit: fault } });
    const server = await testServer({ engine: { store } });
    isFailing = true;
    await expect(register(server, { name: "second" })).rejects.toThrow(/disk/);
    expect(row(server)).toMatchObject({ name: "import", version: 1 });
    isFailing = false;
    // The app as it was known: what is stored may be another one.
    const again = await register(server, { name: "import" });
    const isStored = what === "stored";
    expect(again).toMatchObject({ isModified: isStored });
    expect(row(server)).toMatchObject({ name: "import", version: isStored ? 3 : 1 });
    expect((await store.loadRegistry()).functions).toEqual([row(server)]);
    await server.stop();
  },
);

test("what was answered as failed is read again by and by, without anybody's asking", async () => {
  let isFailing = false;
  let isReadable = false;
  const memory = openMemoryStore({
    faults: {
      afterCommit: () => {
        if (isFailing) throw new Error("The disk is full.");
      },
    },
  });
  const loadRegistry: typeof memory.loadRegistry = () =>
    isFailing && !isReadable ? Promise.reject(new Error("no")) : memory.loadRegistry();
  const server = await testServer({ engine: { store: { ...memory, loadRegistry } } });
  isFailing = true;
  await expect(register(server, { name: "second" })).rejects.toThrow(/disk/);
  await server.clock.advance(1_000);
  expect(row(server)?.name).toBe("import");
  isReadable = true;
  await server.clock.advance(1_000);
  expect(row(server)).toMatchObject({ name: "second", version: 2 });
  await server.stop();
});

test("a limit on whole runs counts what is under way, also where that could not be read at first", async () => {
  let isReadable = true;
  const memory = openMemoryStore();
  const listRuns: typeof memory.history.listRuns = (query) =>
    isReadable ? memory.history.listRuns(query) : Promise.reject(new Error("The disk is gone."));
  const store = { ...memory, history: { ...memory.history, listRuns } };
  const server = await testServer({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]), engine: { store } });
  const send = async (): Promise<void> => {
    await server.engine.send([{ name: "shop/imported", data: {} }]);
    await settled();
  };
  await send();
  isReadable = false;
  await expect(register(server, { concurrency: { fn: [{ limit: 1, scope: "fn" }] } })).rejects.toThrow(/disk/);
  isReadable = true;
  await server.clock.advance(1_000);
  await send();
  const runs = (await server.get("/ui/v1/runs")).body.items;
  expect(runs.map(({ status }: Json) => status)).toEqual(["QUEUED", "RUNNING"]);
  await server.stop();
});
