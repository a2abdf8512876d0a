/** Every route of the server with odd requests. A longer run with other seeds: `npm run fuzz`. */
import { openMemoryStore } from "@pawl/store-memory";
import { afterAll, expect, test } from "vitest";
import { startServer } from "../../server.ts";
import { EXAMPLES } from "./examples.fixture.ts";
import { collectRoutes, fuzzServer, type Route } from "./fuzz-server.fixture.ts";
import { fuzzRoute, fuzzSocket, type FuzzServers, stillWorks } from "./property.fixture.ts";

const RUN = { seed: 20_261_125, numRuns: 30 };

const collected = collectRoutes();
const servers: FuzzServers = { cloud: await fuzzServer("cloud"), dev: await fuzzServer("dev") };
collected.stop();
const routes = new Map(collected.routes.map((route) => [nameOf(route), route]));

afterAll(async () => {
  for (const { stop } of Object.values(servers)) await stop();
});

function nameOf({ method, url }: Route): string {
  return `${method} ${url}`;
}

test.each(["dev", "cloud"] as const)("what is asked here is all that a server answers to: %s", async (kind) => {
  const started = collectRoutes();
  const server = await startServer({ store: openMemoryStore(), kind, port: 0, signingKey: "aabb" });
  started.stop();
  await server.stop(0);
  expect(started.routes.map(nameOf).filter((name) => !routes.has(name))).toEqual([]);
});

test("each route that takes a body has a valid one to begin from, or takes none", () => {
  const writing = [...routes.keys()].filter((name) => !name.startsWith("GET "));
  expect(writing.filter((name) => EXAMPLES[name] === undefined)).toEqual([]);
});

test.each([...routes])("%s: whatever comes, the answer is one that is meant", async (_name, route) => {
  const statuses = await fuzzRoute(servers, route, RUN);
  expect(statuses.size).toBeGreaterThan(0);
});

test("whatever bytes come to the port, the answer is HTTP, and no failure", async () => {
  await fuzzSocket(servers, { ...RUN, numRuns: 200 });
});

test.each(["dev", "cloud"] as const)("after all of that an event starts its function, and nothing is left open: %s", async (kind) => {
  await stillWorks(servers[kind]);
});
