import { afterEach, expect, test } from "vitest";
import type { LeftWorker, Worker } from "../../connect/workers.ts";
import { type Json, START, testServer, type TestServer } from "../test-server.fixture.ts";
import { readyWorker, servedApp } from "../worker.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function started(workers: readonly Worker[], left: readonly LeftWorker[] = []): Promise<void> {
  server = await testServer({ workers: { all: () => workers, left: () => left } });
}

async function post(query: string, variables: object): Promise<Json> {
  return (await server.post("/v0/gql", { query, variables })).body;
}

const LIST = `query ($first: Int! = 100, $after: String, $field: ConnectV1WorkerConnectionsOrderByField! = CONNECTED_AT,
  $direction: ConnectV1WorkerConnectionsOrderByDirection! = DESC, $filter: ConnectV1WorkerConnectionsFilter) {
  workerConnections(first: $first, after: $after, orderBy: [{ field: $field, direction: $direction }], filter: $filter) {
    edges { cursor node { id appName } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}`;

async function list(variables: object = {}): Promise<Json> {
  const { data, errors } = await post(LIST, variables);
  expect(errors).toBeUndefined();
  return data.workerConnections;
}

async function names(variables: object = {}): Promise<readonly string[]> {
  return (await list(variables)).edges.map(({ node }: Json) => `${node.id} ${node.appName}`);
}

const at = (ms: number): string => new Date(START + ms).toISOString().replace(".000Z", "Z");

test("a worker has all the members of the type", async () => {
  const worker = readyWorker({ platform: "fly", system: { cpuCores: 2, memBytes: 2 ** 40, os: "linux" } });
  worker.heardAt = START + 1_000;
  await started([worker]);
  const query = `query ($id: ULID!) { workerConnection(connectionId: $id) {
    id gatewayId instanceId workerIp maxWorkerConcurrency appName appID app { name } connectedAt lastHeartbeatAt disconnectedAt
    disconnectReason status groupHash sdkLang sdkVersion sdkPlatform syncId buildId appVersion functionCount cpuCores memBytes os } }`;
  expect((await post(query, { id: "c1" })).data.workerConnection).toEqual({
    id: "c1",
    gatewayId: "gateway",
    instanceId: "host-1",
    workerIp: "127.0.0.1",
    maxWorkerConcurrency: 10,
    appName: "shop",
    appID: "app-1",
    app: null,
    connectedAt: at(0),
    lastHeartbeatAt: at(1_000),
    disconnectedAt: null,
    disconnectReason: null,
    status: "READY",
    groupHash: "g1",
    sdkLang: "js",
    sdkVersion: "v4.24.0",
    sdkPlatform: "fly",
    syncId: null,
    buildId: null,
    appVersion: null,
    functionCount: 1,
    cpuCores: 2,
    memBytes: 2 ** 40,
    os: "linux",
  });
  expect((await post(query, { id: "c9" })).data).toEqual({ workerConnection: null });
});

test("a worker without a limit and without facts about its machine is told so, with its app", async () => {
  const workers: Worker[] = [];
  await started(workers);
  const { id = "" } = server.engine.registry.appByName("shop") ?? {};
  workers.push(readyWorker({ capacity: Number.POSITIVE_INFINITY, apps: [servedApp({ id, version: "v2" })] }));
  const { workerConnections } = (
    await post(
      `{ workerConnections(orderBy: [{ field: CONNECTED_AT, direction: DESC }]) {
        edges { node { maxWorkerConcurrency sdkPlatform cpuCores memBytes os appVersion app { externalID } } } } }`,
      {},
    )
  ).data;
  expect(workerConnections.edges).toEqual([
    {
      node: {
        maxWorkerConcurrency: 0,
        sdkPlatform: "",
        cpuCores: 0,
        memBytes: 0,
        os: "",
        appVersion: "v2",
        app: { externalID: "shop" },
      },
    },
  ]);
});

function three(): readonly Worker[] {
  const apps = [servedApp(), servedApp({ id: "app-2", name: "etl" })];
  const workers = [
    readyWorker({ connectionId: "c1", connectedAt: START }),
    readyWorker({ connectionId: "c2", connectedAt: START + 1_000, apps }),
    readyWorker({ connectionId: "c3", connectedAt: START + 1_000 }),
  ];
  const [first, , third] = workers;
  if (first !== undefined) first.heardAt = START + 9_000;
  if (third !== undefined) third.phase = "draining";
  return workers;
}

test("nodes are paged in both directions, one for each app of each worker", async () => {
  await started(three());
  for (const [direction, expected] of [
    ["ASC", ["c1 shop", "c2 shop", "c2 etl", "c3 shop"]],
    ["DESC", ["c3 shop", "c2 etl", "c2 shop", "c1 shop"]],
  ] as const) {
    const first = await list({ direction, first: 3 });
    expect(first).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    expect(first.pageInfo).toMatchObject({ startCursor: first.edges[0].cursor, endCursor: first.edges[2].cursor });
    const second = await list({ direction, first: 3, after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    expect([...first.edges, ...second.edges].map(({ node }: Json) => `${node.id} ${node.appName}`)).toEqual(expected);
  }
  expect(await names({ field: "LAST_HEARTBEAT_AT", first: 1 })).toEqual(["c1 shop"]);
});

test("a page goes on where the last one ended when its worker has left meanwhile", async () => {
  const workers = [...three()];
  await started(workers);
  const { pageInfo } = await list({ direction: "ASC", first: 1 });
  workers.shift();
  expect(await names({ direction: "ASC", after: pageInfo.endCursor })).toEqual(["c2 shop", "c2 etl", "c3 shop"]);
});

test("nodes are filtered by status, app and time; workers that are there have no end", async () => {
  await started(three());
  expect(await names({ filter: { status: ["DRAINING"] } })).toEqual(["c3 shop"]);
  expect(await names({ filter: { status: ["DISCONNECTED"] } })).toEqual([]);
  expect(await names({ filter: { appIDs: ["app-2"] } })).toEqual(["c2 etl"]);
  expect(await names({ filter: { until: at(1_000) } })).toEqual(["c1 shop"]);
  expect(await names({ filter: { from: at(1_000), appIDs: ["app-1"] } })).toEqual(["c3 shop", "c2 shop"]);
  expect(await names({ filter: { from: at(2_000), timeField: "LAST_HEARTBEAT_AT" } })).toEqual(["c1 shop"]);
  expect(await names({ filter: { from: at(0), timeField: "DISCONNECTED_AT" } })).toEqual([]);
  expect(await names({ field: "DISCONNECTED_AT", direction: "ASC", first: 1 })).toEqual(["c1 shop"]);
});

test("workers that left are there with when and why, and apart by their status", async () => {
  const { facts } = readyWorker({ connectionId: "c0", connectedAt: START });
  await started(three(), [{ facts, heardAt: START + 2_000, leave: { at: START + 3_000, reason: "CONSECUTIVE_HEARTBEATS_MISSED" } }]);
  expect(await names({ filter: { status: ["DISCONNECTED"] } })).toEqual(["c0 shop"]);
  expect(await names({ filter: { status: ["READY"] } })).not.toContain("c0 shop");
  expect(await names({ filter: { from: at(3_000), timeField: "DISCONNECTED_AT" } })).toEqual(["c0 shop"]);
  expect(await names({ filter: { until: at(3_000), timeField: "DISCONNECTED_AT" } })).toEqual([]);
  const { data } = await post('{ workerConnection(connectionId: "c0") { status disconnectedAt disconnectReason lastHeartbeatAt } }', {});
  expect(data.workerConnection).toEqual({
    status: "DISCONNECTED",
    disconnectedAt: at(3_000),
    disconnectReason: "CONSECUTIVE_HEARTBEATS_MISSED",
    lastHeartbeatAt: at(2_000),
  });
});

test("wrong pages, cursors and times are refused", async () => {
  await started(three());
  for (const [variables, words] of [
    [{ first: 0 }, "first must be at least 1"],
    [{ after: "x" }, "The cursor is not one that this server gave"],
    [{ filter: { from: "soon" } }, "from must be a time"],
  ] as const) {
    const { errors } = await post(LIST, variables);
    expect(errors[0].message).toContain(words);
    expect(errors[0].extensions.code).toBe("invalid_request");
  }
});
