import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { openMemoryStore } from "@pawl/store-memory";
import { Engine } from "./core/engine.ts";
import { startServer } from "./server.ts";

afterEach(() => vi.restoreAllMocks());

test("a server that can't have its port leaves no engine at work on the store", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  const stop = vi.spyOn(Engine.prototype, "stop");
  const store = openMemoryStore();
  await expect(startServer({ store, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(stop).toHaveBeenCalledTimes(1);
  const server = await startServer({ store, port: 0 });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await server.stop(0);
  await store.close();
  await new Promise((resolve) => holder.close(resolve));
});

test("a server has readiness, metrics and tools, each with its own errors, and drains", async () => {
  const store = openMemoryStore();
  const server = await startServer({ store, port: 0, version: "1.2.3" });
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('pawl_build_info{version="1.2.3",store="memory"} 1');
  expect((await fetch(`${server.url}/mcp`)).status).toBe(405);
  expect(await (await fetch(`${server.url}/nothing`)).text()).not.toContain("unknown-path");
  const stopped = Promise.withResolvers<void>();
  const stop = vi.spyOn(server.engine, "stop").mockImplementation(() => stopped.promise);
  const ending = server.stop(0);
  const answer = await fetch(`${server.url}/ready`);
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: "draining" }]);
  stopped.resolve();
  await ending;
  stop.mockRestore();
  await server.engine.stop(0);
  await store.close();
});
