/**
 * A long fuzz: `npm run fuzz -- --runs 2000 --seed 42`. Without a seed it takes one from the clock, and prints it. What fails is printed with
 * its smallest request; the exit code is 1 then.
 */
import { parseArgs } from "node:util";
import { collectRoutes, fuzzServer } from "./fuzz-server.fixture.ts";
import { fuzzRoute, fuzzSocket, type FuzzServers, stillWorks } from "./property.fixture.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, runs: { type: "string", default: "500" }, route: { type: "string" } },
});
const run = { seed: Number(values.seed ?? Date.now() % 2 ** 31), numRuns: Number(values.runs) };
let failures = 0;

async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    const statuses = await work();
    const counts = statuses instanceof Map ? [...statuses].toSorted(([a], [b]) => a - b).map((pair) => pair.join("×")) : [];
    console.log(`ok    ${name}  ${counts.join(" ")}`);
  } catch (error) {
    failures += 1;
    console.error(`FAIL  ${name}\n`, error);
  }
}

process.on("unhandledRejection", (error) => {
  failures += 1;
  console.error("FAIL  a rejection that nobody handled\n", error);
});

console.log(
  `seed ${String(run.seed)}, ${String(run.numRuns)} runs of each route; again: npm run fuzz -- --seed ${String(run.seed)} --runs ${String(run.numRuns)}`,
);
const collected = collectRoutes();
const servers: FuzzServers = { cloud: await fuzzServer("cloud"), dev: await fuzzServer("dev") };
collected.stop();
const routes = new Map(collected.routes.map((route) => [`${route.method} ${route.url}`, route]));
for (const [name, route] of routes) {
  if (values.route !== undefined && !name.includes(values.route)) continue;
  await attempt(name, () => fuzzRoute(servers, route, run));
}
await attempt("sockets", () => fuzzSocket(servers, run));
for (const [kind, fuzz] of Object.entries(servers)) {
  await attempt(`${kind} still works`, () => stillWorks(fuzz));
  await fuzz.stop();
}
process.exitCode = failures === 0 ? 0 : 1;
