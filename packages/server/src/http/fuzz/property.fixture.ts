/** The properties of a fuzz, for a test and for a longer run. */
import type { Server } from "node:http";
import * as fc from "fast-check";
import { exchange, within } from "./exchange.fixture.ts";
import { settled } from "../../ports/manual-clock.fixture.ts";
import type { FuzzServer, Route } from "./fuzz-server.fixture.ts";
import { problemOf } from "./judge.fixture.ts";
import { rawRequests, sendRaw } from "./raw-requests.fixture.ts";
import { requestsFor } from "./requests.fixture.ts";

const TURNS_MAX = 10_000;

export type FuzzServers = { readonly dev: FuzzServer; readonly cloud: FuzzServer };

export type FuzzRun = { readonly seed: number; readonly numRuns: number };

/** Whatever a route is asked, its answer is one that is meant. Counts answers by their status. Throws with the request otherwise. */
export async function fuzzRoute(servers: FuzzServers, route: Route, run: FuzzRun): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(requestsFor(route), async (request) => {
    const fuzz = servers[request.kind];
    const answered = await exchange(fuzz, route, request);
    statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
    const problem = problemOf(route, answered, fuzz);
    if (problem !== undefined) throw new Error(problem);
  });
  await fc.assert(property, run);
  return statuses;
}

/** Whatever bytes come, what is answered is HTTP, and no failure of the server. */
export async function fuzzSocket({ dev, cloud }: FuzzServers, run: FuzzRun): Promise<void> {
  const property = fc.asyncProperty(fc.constantFrom(dev, cloud), rawRequests, async (fuzz, bytes) => {
    const answer = await sendRaw(fuzz, bytes);
    if (answer !== "" && !/^HTTP\/1\.1 (?:[1-4]\d\d|501|503) /.test(answer)) throw new Error(`answered ${answer.slice(0, 500)}`);
  });
  await fc.assert(property, run);
}

/** After all of that, an event still starts its function, and nothing is left of the requests. */
export async function stillWorks({ server, canaryCalls, eventKey, realtime, connect }: FuzzServer): Promise<void> {
  const before = canaryCalls();
  const sent = await within(server.clock, server.post(`/e/${eventKey}`, { name: "canary/sing", data: {} }));
  if (sent.status !== 200) throw new Error(`The event was answered with ${String(sent.status)}.`);
  await server.clock.advance(0);
  if (canaryCalls() !== before + 1) throw new Error("The event started nothing.");
  const { subscriberCount } = realtime.hub;
  if (subscriberCount !== 0) throw new Error(`${String(subscriberCount)} subscribers are left.`);
  if (connect.workers.size !== 0) throw new Error(`${String(connect.workers.size)} workers are left.`);
  let connections = await connectionsOf(server.http.server);
  // The server hears of a connection's end some turns after its client.
  for (let turn = 0; turn < TURNS_MAX && connections > 0; turn++) {
    await settled();
    connections = await connectionsOf(server.http.server);
  }
  if (connections !== 0) throw new Error(`${String(connections)} connections are left.`);
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
