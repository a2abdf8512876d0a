import {
  extendLease,
  extendLeaseAck,
  FRAME,
  replyAck,
  REPLY_STATUS,
  requestAck,
  startRequest,
  systemError,
  type ExtendLeaseAck,
} from "@pawl/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { Pawl } from "../client/client.ts";
import type { PawlOptions } from "../client/options.ts";
import { FakeRuntime, turn } from "../run/call.fixture.ts";
import { connect, ConnectRefusedError, type ConnectOptions, type WorkerConnection } from "./connect.ts";
import { fakeGateway, requestOf, sendRequest, type FakeSocket, type Gateway } from "./gateway.fixture.ts";
import { decodeMessage } from "./protobuf.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const KEY = "signkey-test-8f0e5a3c";

type World = Gateway & {
  readonly clock: FakeRuntime;
  readonly connecting: Promise<WorkerConnection>;
  /** Ends the body of the function's one step. */
  readonly finish: PromiseWithResolvers<unknown>;
  /** Lets time pass, and what it brings about happen. */
  readonly pass: (ms: number) => Promise<void>;
};

type Setup = { readonly client?: Partial<PawlOptions>; readonly connect?: Partial<ConnectOptions>; readonly statuses?: readonly number[] };

function world(setup: Setup = {}): World {
  const gateway = fakeGateway();
  gateway.statuses.push(...(setup.statuses ?? []));
  const clock = new FakeRuntime();
  const finish = Promise.withResolvers<unknown>();
  const client = new Pawl({
    id: "shop",
    isDev: true,
    logger: silent,
    runtime: clock,
    fetch: gateway.fetch,
    baseUrl: "http://server.test",
    appVersion: "v7",
    checkpointing: false,
    ...setup.client,
  });
  client.createFunction({ id: "import", triggers: { event: "order/paid" } }, async ({ step }) => step.run("a", () => finish.promise));
  const connecting = connect({
    apps: [{ client }],
    webSocket: gateway.webSocket,
    handleShutdownSignals: [],
    instanceId: "w1",
    ...setup.connect,
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let count = 0; count < 10; count++) await turn();
  };
  return { ...gateway, clock, connecting, finish, pass };
}

async function connected(setup: Setup = {}): Promise<World & { readonly socket: FakeSocket; readonly worker: WorkerConnection }> {
  const made = world(setup);
  const socket = await made.accept();
  return { ...made, socket, worker: await made.connecting };
}

function extensionAck(newLeaseId?: string): ExtendLeaseAck {
  const { requestId, accountId, envId, appId, functionSlug } = requestOf();
  return { requestId, accountId, envId, appId, functionSlug, ...(newLeaseId === undefined ? {} : { newLeaseId }) };
}

afterEach(() => vi.unstubAllEnvs());

test("the handshake tells who the worker is and what it can do", async () => {
  const { socket, worker, starts } = await connected({ connect: { maxWorkerConcurrency: 3 } });
  expect([socket.url, socket.protocols, socket.binaryType]).toEqual([
    "ws://gateway.test/v0/connect",
    ["v0.connect.inngest.com"],
    "arraybuffer",
  ]);
  expect(starts).toHaveLength(1);
  const introduction = socket.introduction();
  expect(introduction).toMatchObject({
    connectionId: "c1",
    instanceId: "w1",
    authData: { sessionToken: "session", syncToken: "sync" },
    workerManualReadinessAck: true,
    sdkLanguage: "pawl-js",
    framework: "connect",
    maxWorkerConcurrency: 3,
  });
  const [app] = introduction.apps;
  expect([app?.appName, app?.appVersion]).toEqual(["shop", "v7"]);
  expect(JSON.parse(new TextDecoder().decode(app?.functions))).toMatchObject([
    { id: "shop-import", steps: { step: { runtime: { type: "ws", url: "wss://connect/?fnId=shop-import&stepId=step" } } } },
  ]);
  expect(socket.kinds()).toEqual([FRAME.workerConnect, FRAME.workerReady]);
  expect([worker.state, worker.connectionId]).toEqual(["ACTIVE", "c1"]);
});

test("a call is confirmed before it runs, kept alive while it runs, and answered", async () => {
  const { socket, finish, pass, worker } = await connected();
  sendRequest(socket);
  expect(socket.last(FRAME.requestAck, requestAck)).toMatchObject({ requestId: "r1", functionSlug: "shop-import", runId: "run" });
  await pass(5_000);
  expect(socket.last(FRAME.extendLease, extendLease).leaseId).toBe("lease-1");
  socket.say(FRAME.extendLeaseAck, extendLeaseAck, extensionAck("lease-2"));
  await pass(5_000);
  expect(socket.last(FRAME.extendLease, extendLease).leaseId).toBe("lease-2");
  finish.resolve(41);
  await pass(0);
  const reply = socket.reply();
  expect(reply).toMatchObject({
    requestId: "r1",
    accountId: "a",
    appId: "app-1",
    status: REPLY_STATUS.notCompleted,
    noRetry: false,
    requestVersion: 2,
    sdkVersion: "pawl-js:v0.1.0",
    systemTraceCtx: new TextEncoder().encode("{}"),
  });
  expect(JSON.parse(new TextDecoder().decode(reply.body))).toMatchObject([{ op: "StepRun", data: 41 }]);
  expect(worker.getDebugState().inFlight).toHaveLength(1);
  socket.say(FRAME.replyAck, replyAck, { requestId: "r1" });
  expect(worker.getDebugState()).toMatchObject({ inFlight: [], bufferedCount: 0 });
});

test("a lost lease is not asked for again", async () => {
  const { socket, pass } = await connected();
  sendRequest(socket);
  await pass(5_000);
  socket.say(FRAME.extendLeaseAck, extendLeaseAck, extensionAck());
  await pass(30_000);
  expect(socket.kinds().filter((kind) => kind === FRAME.extendLease)).toHaveLength(1);
});

test("calls of unknown apps, and more than the worker takes, are left to others", async () => {
  const { socket } = await connected({ connect: { maxWorkerConcurrency: 1 } });
  sendRequest(socket, { appName: "other" });
  sendRequest(socket);
  sendRequest(socket, { requestId: "r2" });
  expect(socket.kinds().filter((kind) => kind === FRAME.requestAck)).toHaveLength(1);
});

test("a call that can't be made is an answer that can be retried", async () => {
  const { socket, pass } = await connected();
  sendRequest(socket, { functionSlug: "shop-gone" });
  await pass(0);
  expect(socket.reply()).toMatchObject({ status: REPLY_STATUS.error, noRetry: false });
  expect(new TextDecoder().decode(socket.reply().body)).toContain('no function \\"shop-gone\\"');
});

test("an answer that was not confirmed is delivered by a flush, once", async () => {
  const { socket, finish, pass, flushed } = await connected();
  sendRequest(socket);
  finish.resolve(1);
  await pass(0);
  expect(flushed).toEqual([]);
  await pass(5_000);
  expect(flushed.map(({ requestId }) => requestId)).toEqual(["r1"]);
});

test("after the connection broke, another is opened, calls go on over it, and kept answers are delivered", async () => {
  const { socket, finish, pass, accept, worker, flushed } = await connected();
  sendRequest(socket);
  sendRequest(socket, { requestId: "r2", functionSlug: "shop-gone" });
  await pass(0);
  socket.cut();
  expect(worker.state).toBe("RECONNECTING");
  expect(worker.getDebugState().bufferedCount).toBe(1);
  await pass(0);
  await pass(2_000);
  const second = await accept();
  await pass(0);
  expect([worker.state, worker.connectionId]).toEqual(["ACTIVE", "c2"]);
  // The running call is shown to the gateway before the worker takes others.
  expect(second.kinds()).toEqual([FRAME.workerConnect, FRAME.extendLease, FRAME.workerReady]);
  expect(flushed.map(({ requestId }) => requestId)).toEqual(["r2"]);
  finish.resolve(1);
  await pass(0);
  expect(second.reply().requestId).toBe("r1");
});

test("a gateway that drains is left only when there is another one, and keeps its calls until they end", async () => {
  const { socket, finish, pass, accept, worker, starts, sockets } = await connected();
  sendRequest(socket);
  socket.say(FRAME.gatewayClosing);
  expect(worker.state).toBe("RECONNECTING");
  await pass(0);
  await pass(1_500);
  expect(excludedBy(starts[1])).toEqual(["gw-1"]);
  expect([sockets.length, socket.closedWith]).toEqual([2, undefined]);
  await accept();
  expect([worker.state, worker.connectionId, socket.closedWith]).toEqual(["ACTIVE", "c2", undefined]);
  finish.resolve(1);
  await pass(0);
  expect(socket.reply().requestId).toBe("r1");
  socket.say(FRAME.replyAck, replyAck, { requestId: "r1" });
  expect(socket.closedWith).toEqual([1000, "WORKER_SHUTDOWN"]);
});

test("a gateway that drained and is gone is asked again like any other: it may be the only one, restarted", async () => {
  const { socket, pass, accept, worker, starts, statuses } = await connected();
  statuses.push(503, 503);
  socket.say(FRAME.gatewayClosing);
  await pass(0);
  await pass(1_500);
  expect(excludedBy(starts[1])).toEqual(["gw-1"]);
  socket.cut(1001, "connect_gateway_closing");
  await pass(1_500);
  expect(excludedBy(starts[2])).toEqual([]);
  // From here on later and later, beginning with the shortest delay.
  await pass(900);
  expect(starts).toHaveLength(3);
  await pass(1_100);
  expect(excludedBy(starts[3])).toEqual([]);
  await accept();
  expect([worker.state, worker.connectionId]).toEqual(["ACTIVE", "c4"]);
});

function excludedBy(start: { readonly body: Uint8Array } | undefined): readonly string[] {
  return decodeMessage(startRequest, start?.body ?? new Uint8Array(0)).excludeGateways;
}

test("a gateway that answers no heartbeats is given up", async () => {
  const { socket, pass, worker } = await connected();
  await pass(10_000);
  socket.say(FRAME.gatewayHeartbeat);
  await pass(10_000);
  await pass(10_000);
  expect(worker.state).toBe("ACTIVE");
  await pass(10_000);
  expect(worker.state).toBe("RECONNECTING");
  expect(socket.closedWith?.[0]).toBe(4001);
});

test("a gateway that does not finish the handshake is given up, and another attempt made", async () => {
  const { pass, sockets, accept, connecting } = world();
  await pass(0);
  await pass(10_000);
  expect(sockets[0]?.closedWith?.[0]).toBe(4001);
  await pass(2_000);
  await accept();
  expect((await connecting).connectionId).toBe("c2");
});

test("while the server has no connection for it, the worker asks later and later", async () => {
  const { pass, starts, accept, connecting } = world({ statuses: [503, 429, 500] });
  await pass(0);
  expect(starts).toHaveLength(1);
  for (const ms of [2_000, 3_000, 6_000]) await pass(ms);
  expect(starts).toHaveLength(4);
  await accept();
  expect((await connecting).state).toBe("ACTIVE");
});

test("a key that is refused ends it, unless the fallback key is accepted", async () => {
  const refused = world({ client: { isDev: false, signingKey: KEY }, statuses: [401] });
  await expect(refused.connecting).rejects.toBeInstanceOf(ConnectRefusedError);
  const { starts } = await connected({
    client: { isDev: false, signingKey: KEY, signingKeyFallback: "signkey-test-00ff" },
    statuses: [401],
  });
  expect(starts.map(({ authorization }) => authorization?.slice(0, 28))).toEqual([
    expect.stringContaining("Bearer signkey-test-16bf57b4"),
    expect.not.stringContaining("16bf57b4"),
  ]);
});

test("functions that are refused end it with the server's words", async () => {
  const { connecting, pass, sockets } = world();
  await pass(0);
  sockets[0]?.say(FRAME.gatewayHello);
  sockets[0]?.say(FRAME.syncFailed, systemError, { code: "connect_invalid_function_config", message: "the cron is wrong" });
  await expect(connecting).rejects.toThrow("the cron is wrong (connect_invalid_function_config)");
});

test("closing takes no more calls, waits for those in progress, delivers their answers, and leaves no timer", async () => {
  const { socket, finish, pass, worker, clock, flushed } = await connected();
  sendRequest(socket);
  const closing = worker.close();
  await pass(0);
  expect([worker.state, socket.kinds().at(-1)]).toEqual(["CLOSING", FRAME.workerPause]);
  sendRequest(socket, { requestId: "r2" });
  expect(socket.kinds().filter((kind) => kind === FRAME.requestAck)).toHaveLength(1);
  await pass(5_000);
  expect(socket.kinds().at(-1)).toBe(FRAME.extendLease);
  finish.resolve(1);
  await pass(0);
  await pass(5_000);
  await closing;
  await worker.closed;
  expect(flushed.map(({ requestId }) => requestId)).toEqual(["r1"]);
  expect([worker.state, socket.closedWith, clock.timerCount]).toEqual(["CLOSED", [1000, "WORKER_SHUTDOWN"], 0]);
});

test("closing while the server is away takes as long for many answers as for one", async () => {
  const { socket, pass, worker, statuses, flushed } = await connected();
  for (let index = 0; index < 10; index++) sendRequest(socket, { requestId: `r${index}`, functionSlug: "shop-gone" });
  await pass(0);
  statuses.push(...Array.from({ length: 100 }, () => 503));
  socket.cut();
  const closing = worker.close();
  await pass(0);
  expect(worker.getDebugState().bufferedCount).toBe(10);
  for (const ms of [500, 1_000, 1_500, 2_000]) await pass(ms);
  await closing;
  expect([worker.getDebugState().bufferedCount, flushed]).toEqual([0, []]);
});

test("an answer that is kept while others are delivered is delivered, too", async () => {
  const { socket, pass, accept, statuses, flushed } = await connected();
  sendRequest(socket, { functionSlug: "shop-gone" });
  await pass(0);
  socket.cut();
  await pass(0);
  await pass(2_000);
  statuses.push(503, 503);
  const second = await accept();
  sendRequest(second, { requestId: "r2", functionSlug: "shop-gone" });
  await pass(0);
  // The first one's second attempt is half a second away.
  second.cut();
  expect(flushed).toEqual([]);
  await pass(500);
  await pass(1_000);
  expect(flushed.map(({ requestId }) => requestId)).toEqual(["r1", "r2"]);
});

test("a worker can be closed while it waits for a server", async () => {
  const { connecting, pass, starts, clock } = world({ statuses: [503] });
  await pass(0);
  void connecting.then((worker) => worker.close());
  await pass(2_000);
  expect(starts).toHaveLength(2);
  expect(clock.timerCount).toBe(1);
});

test.each([
  ["no apps", { apps: [] }, "a list of 1 to 10"],
  ["a limit that is no number", { maxWorkerConcurrency: -1 }, "maxWorkerConcurrency"],
])("options that can't be right are refused: %s", async (_what, options, message) => {
  await expect(world({ connect: options }).connecting).rejects.toThrow(message);
});

test("limits and addresses may come from the environment", async () => {
  vi.stubEnv("INNGEST_CONNECT_MAX_WORKER_CONCURRENCY", "7");
  vi.stubEnv("PAWL_CONNECT_GATEWAY_URL", "wss://elsewhere.test/v0/connect");
  const { socket } = await connected();
  expect([socket.url, socket.introduction().maxWorkerConcurrency]).toEqual(["wss://elsewhere.test/v0/connect", 7]);
});
