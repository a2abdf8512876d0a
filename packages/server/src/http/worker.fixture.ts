/** Workers for tests, without sockets: each has defaults, so that what a test sets is what it is about. */
import { START } from "../ports/manual-clock.fixture.ts";
import { type ServedApp, Worker, type WorkerFacts } from "../connect/workers.ts";

/** An app as a worker has it. */
export function servedApp(over: Partial<ServedApp> = {}): ServedApp {
  return { id: "app-1", name: "shop", group: "g1", slugs: new Set(["shop-import"]), ...over };
}

/** A worker that takes calls. */
export function readyWorker(over: Partial<WorkerFacts> = {}): Worker {
  const facts = { connectionId: "c1", instanceId: "host-1", apps: [servedApp()], capacity: 10, sdk: "js:v4.24.0", connectedAt: START };
  const worker = new Worker({ ...facts, address: "127.0.0.1", ...over }, () => {});
  worker.phase = "ready";
  return worker;
}
