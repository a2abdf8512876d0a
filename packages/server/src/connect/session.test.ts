import {
  connectFrame,
  connectionReady,
  extendLease,
  FRAME,
  replyAck,
  requestAck,
  systemError,
  type WorkerConnect,
  workerConnect,
  workerReply,
} from "@pawl/protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode } from "./codec.ts";
import { frameOf, openSession, type SessionEffect, type SessionInput, type SessionState, stepSession } from "./session.ts";

const NOW = 1_000;
const none = new Uint8Array(0);
const reply = {
  requestId: "r",
  accountId: "",
  envId: "",
  appId: "",
  status: 1,
  body: none,
  noRetry: false,
  sdkVersion: "",
  requestVersion: 2,
};

function introduction(over: Partial<WorkerConnect> = {}): Uint8Array {
  return encode(workerConnect, {
    connectionId: "c",
    instanceId: "i",
    capabilities: none,
    apps: [{ appName: "shop", functions: none }],
    workerManualReadinessAck: true,
    framework: "connect",
    sdkVersion: "v1",
    sdkLanguage: "go",
    ...over,
  });
}

const frame = (kind: number, payload?: Uint8Array): SessionInput => ({ kind: "frame", bytes: frameOf(kind, payload) });

/** Plays inputs at one instant. */
function play(inputs: readonly SessionInput[], now = NOW): { readonly state: SessionState; readonly effects: readonly SessionEffect[] } {
  let { state } = openSession(now);
  let effects: readonly SessionEffect[] = [];
  for (const input of inputs) ({ state, effects } = stepSession(state, input, now));
  return { state, effects };
}

const introduced = frame(FRAME.workerConnect, introduction());
const ready = [introduced, { kind: "synced" }, frame(FRAME.workerReady)] as const;

function sent(effects: readonly SessionEffect[]): readonly number[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [decode(connectFrame, effect.bytes).kind] : []));
}

const closeOf = (reason: string, code = 1008): SessionEffect => ({ kind: "close", code, reason });

test("a session greets, learns who the worker is, and has it say when it is ready", () => {
  expect(sent(openSession(NOW).effects)).toEqual([FRAME.gatewayHello]);
  expect(play([introduced])).toMatchObject({
    state: { phase: "syncing" },
    effects: [{ kind: "introduced", worker: { connectionId: "c" } }],
  });
  const synced = play([introduced, { kind: "synced" }]);
  expect([synced.state.phase, sent(synced.effects)]).toEqual(["connected", [FRAME.connectionReady]]);
  const [send] = synced.effects;
  expect(send?.kind === "send" && decode(connectionReady, decode(connectFrame, send.bytes).payload)).toEqual({
    heartbeatInterval: "10s",
    extendLeaseInterval: "5s",
    statusInterval: "0s",
  });
  expect(play(ready)).toMatchObject({ state: { phase: "ready" }, effects: [{ kind: "ready" }] });
});

test("a worker that does not say when it is ready is ready at once", () => {
  const quick = frame(FRAME.workerConnect, introduction({ workerManualReadinessAck: false }));
  expect(play([quick, { kind: "synced" }])).toMatchObject({ state: { phase: "ready" }, effects: [{ kind: "send" }, { kind: "ready" }] });
});

test.each([
  ["another frame first", [frame(FRAME.workerReady)], "connect_worker_hello_invalid_msg"],
  ["no frame at all", [{ kind: "frame", bytes: new Uint8Array([255]) }], "connect_worker_hello_invalid_msg"],
  ["an introduction that can't be read", [frame(FRAME.workerConnect, new Uint8Array([255]))], "connect_worker_hello_invalid_payload"],
  ["no apps", [frame(FRAME.workerConnect, introduction({ apps: [] }))], "connect_worker_hello_invalid_payload"],
  [
    "too many apps",
    [frame(FRAME.workerConnect, introduction({ apps: Array.from({ length: 11 }, () => ({ appName: "a", functions: none })) }))],
    "connect_too_many_apps_per_connection",
  ],
  ["a token that is refused", [introduced, { kind: "refused", code: "connect_authentication_failed" }], "connect_authentication_failed"],
  [
    "work before it is connected",
    [introduced, frame(FRAME.reply, encode(workerReply, { ...reply, systemTraceCtx: none, userTraceCtx: none, runId: "" }))],
    "connect_run_invalid_message",
  ],
  ["a frame of the gateway's", [...ready, frame(FRAME.gatewayHello)], "connect_run_invalid_message"],
  ["a kind that does not exist", [...ready, frame(99)], "connect_run_invalid_message"],
  ["a second introduction", [...ready, introduced], "connect_run_invalid_message"],
  [
    "a confirmation that can't be read",
    [...ready, frame(FRAME.requestAck, new Uint8Array([255]))],
    "connect_worker_request_ack_invalid_payload",
  ],
  [
    "an extension that can't be read",
    [...ready, frame(FRAME.extendLease, new Uint8Array([255]))],
    "connect_worker_request_extend_lease_invalid_payload",
  ],
] as readonly (readonly [string, readonly SessionInput[], string])[])("%s ends the session", (_what, inputs, code) => {
  const { state, effects } = play(inputs);
  expect([state.phase, effects]).toEqual(["closed", [closeOf(code)]]);
  expect(stepSession(state, introduced, NOW)).toEqual({ state, effects: [] });
});

test("functions that are refused are told before the end", () => {
  const { state, effects } = play([introduced, { kind: "sync-failed", code: "connect_invalid_function_config", message: "no" }]);
  const [send, close] = effects;
  expect(send?.kind === "send" && decode(systemError, decode(connectFrame, send.bytes).payload)).toMatchObject({ message: "no" });
  expect([state.phase, close]).toEqual(["closed", closeOf("connect_invalid_function_config")]);
});

test("facts about requests are passed on, also of a worker that drains", () => {
  const ack = {
    requestId: "r",
    accountId: "",
    envId: "",
    appId: "",
    functionSlug: "f",
    systemTraceCtx: none,
    userTraceCtx: none,
    runId: "",
  };
  const drained = [...ready, frame(FRAME.workerPause)];
  expect(play(drained)).toMatchObject({ state: { phase: "draining" }, effects: [{ kind: "paused" }] });
  expect(play([...drained, frame(FRAME.requestAck, encode(requestAck, ack))]).effects).toMatchObject([
    { kind: "acked", ack: { requestId: "r" } },
  ]);
  const lease = encode(extendLease, { ...ack, leaseId: "l" });
  expect(play([...drained, frame(FRAME.extendLease, lease)]).effects).toMatchObject([{ kind: "extended", lease: { leaseId: "l" } }]);
  const answer = encode(workerReply, { ...reply, systemTraceCtx: none, userTraceCtx: none, runId: "" });
  expect(play([...drained, frame(FRAME.reply, answer)]).effects).toMatchObject([{ kind: "replied", reply: { requestId: "r" } }]);
  // It does not become ready again.
  expect(play([...drained, frame(FRAME.workerReady)])).toMatchObject({ state: { phase: "draining" }, effects: [] });
});

test("a worker must introduce itself within 5 s, and show itself every 50 s", () => {
  const { state } = openSession(NOW);
  expect(stepSession(state, { kind: "tick" }, NOW + 4_999).effects).toEqual([]);
  expect(stepSession(state, { kind: "tick" }, NOW + 5_000).effects).toEqual([closeOf("connect_worker_hello_timeout")]);
  const { state: alive } = stepSession(play(ready).state, frame(FRAME.workerHeartbeat), NOW + 40_000);
  expect(stepSession(alive, { kind: "tick" }, NOW + 89_999).effects).toEqual([]);
  expect(stepSession(alive, { kind: "tick" }, NOW + 90_000).effects).toEqual([closeOf("CONSECUTIVE_HEARTBEATS_MISSED")]);
});

test("heartbeats are answered, also while the apps are being registered", () => {
  for (const before of [[introduced], ready])
    expect(sent(play([...before, frame(FRAME.workerHeartbeat)]).effects)).toEqual([FRAME.gatewayHeartbeat]);
});

test("a server that stops sends its workers to its peers, if it has any, and those that are not there yet away", () => {
  expect(play([...ready, { kind: "server-closing", hasPeers: false }]).effects).toEqual([{ kind: "paused" }]);
  const { state, effects } = play([...ready, { kind: "server-closing", hasPeers: true }]);
  expect([state.phase, sent(effects), effects.at(-1)]).toEqual(["draining", [FRAME.gatewayClosing], { kind: "paused" }]);
  expect(play([{ kind: "server-closing", hasPeers: true }]).effects).toEqual([closeOf("connect_gateway_closing", 1001)]);
});

test("property: whatever comes, in whatever order, nothing is thrown, and a closed session stays closed", () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom(introduction(), encode(replyAck, { requestId: "r" }), encode(extendLease, decode(extendLease, none))),
  );
  const input: fc.Arbitrary<SessionInput> = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.nat({ max: 17 }), payload).map(([kind, bytes]) => frame(kind, bytes)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => ({ kind: "frame" as const, bytes })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<SessionInput>({ kind: "synced" }, { kind: "tick" }, { kind: "server-closing", hasPeers: true }),
    },
  );
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.tuple(input, fc.nat({ max: 60_000 })), { maxLength: 30 }), (isReady, inputs) => {
      let { state } = isReady ? play(ready) : openSession(NOW);
      let now = NOW;
      for (const [next, ms] of inputs) {
        const wasClosed = state.phase === "closed";
        now += ms;
        const step = stepSession(state, next, now);
        if (wasClosed) expect(step).toEqual({ state, effects: [] });
        // Nothing of a worker is believed that has not introduced itself.
        if (state.phase === "hello") expect(step.effects.filter(({ kind }) => !["close", "introduced", "send"].includes(kind))).toEqual([]);
        ({ state } = step);
      }
    }),
    { numRuns: 500 },
  );
});
