import {
  CONNECT_REPEATED_MAX,
  connectFrame,
  executorRequest,
  startRequest,
  startResponse,
  workerConnect,
  type WorkerConnect,
  workerReply,
} from "@pawl/protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, FrameError } from "./codec.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a frame as other implementations write it", () => {
  // kind = 9, no payload; kind = 0 is not written.
  expect([...encode(connectFrame, { kind: 9, payload: new Uint8Array(0) })]).toEqual([8, 9]);
  expect(encode(connectFrame, { kind: 0, payload: new Uint8Array(0) })).toHaveLength(0);
  expect(decode(connectFrame, new Uint8Array([8, 6, 18, 2, 1, 2]))).toEqual({ kind: 6, payload: new Uint8Array([1, 2]) });
});

test("text of a response is UTF-8 with its length in front", () => {
  const written = encode(startResponse, { connectionId: "é", gatewayEndpoint: "", gatewayGroup: "", sessionToken: "", syncToken: "" });
  expect([...written]).toEqual([10, 2, 0xc3, 0xa9]);
});

test("nested messages, repeated and optional fields come back as they were", () => {
  const message: WorkerConnect = {
    connectionId: "c",
    instanceId: "i",
    authData: { sessionToken: "s", syncToken: "" },
    capabilities: bytes("{}"),
    apps: [
      { appName: "a", functions: bytes("[]") },
      { appName: "b", appVersion: "", functions: bytes("") },
    ],
    workerManualReadinessAck: true,
    systemAttributes: { cpuCores: 2, memBytes: 2 ** 40, os: "linux" },
    framework: "connect",
    sdkVersion: "v1",
    sdkLanguage: "go",
    maxWorkerConcurrency: 0,
  };
  expect(decode(workerConnect, encode(workerConnect, message))).toEqual(message);
});

test("fields that are not known are skipped, so newer peers can be understood", () => {
  expect(decode(startRequest, new Uint8Array([10, 1, 97, 250, 1, 2, 1, 2, 72, 5]))).toEqual({ excludeGateways: ["a"] });
});

test("a field of another wire type, a cut frame, an integer out of range and too many elements are refused", () => {
  const many = new Uint8Array((CONNECT_REPEATED_MAX + 1) * 2).map((_, index) => (index % 2 === 0 ? 10 : 0));
  const frames = [
    [connectFrame, new Uint8Array([10, 1, 1])],
    [connectFrame, new Uint8Array([18, 200, 1])],
    [connectFrame, new Uint8Array([8, 255, 255, 255, 255, 255, 255, 255, 127])],
    [startRequest, many],
  ] as const;
  for (const [table, frame] of frames) expect(() => decode(table as typeof connectFrame, frame)).toThrow(FrameError);
});

test("property: whatever bytes come, the result is a message or a FrameError", () => {
  const tables = [connectFrame, workerConnect, workerReply, executorRequest, startRequest];
  fc.assert(
    fc.property(fc.constantFrom(...tables), fc.uint8Array({ maxLength: 200 }), (table, frame) => {
      try {
        return typeof decode(table as typeof connectFrame, frame) === "object";
      } catch (error) {
        return error instanceof FrameError;
      }
    }),
    { numRuns: 2_000 },
  );
});
