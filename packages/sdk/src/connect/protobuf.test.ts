import {
  connectFrame,
  executorRequest,
  startRequest,
  startResponse,
  workerConnect,
  workerReply,
  type WorkerConnect,
  type WorkerReply,
} from "@pawl/protocol";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMessage, encodeMessage } from "./protobuf.ts";

test("a frame as other implementations write it", () => {
  expect([...encodeMessage(connectFrame, { kind: 9, payload: new Uint8Array(0) })]).toEqual([8, 9]);
  expect(encodeMessage(connectFrame, { kind: 0, payload: new Uint8Array(0) })).toHaveLength(0);
  expect(decodeMessage(connectFrame, new Uint8Array([8, 6, 18, 2, 1, 2]))).toEqual({ kind: 6, payload: new Uint8Array([1, 2]) });
});

test("lengths above 127 and integers above 2^32 take several bytes", () => {
  const token = "t".repeat(300);
  const written = encodeMessage(startResponse, {
    connectionId: "",
    gatewayEndpoint: "",
    gatewayGroup: "",
    sessionToken: token,
    syncToken: "",
  });
  expect([...written.subarray(0, 3)]).toEqual([34, 172, 2]);
  expect(decodeMessage(startResponse, written).sessionToken).toBe(token);
});

const text = fc.string({ maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 200 });

test("property: messages come back as they were", () => {
  const app = fc.record({ appName: text, appVersion: text, functions: bytes }, { requiredKeys: ["appName", "functions"] });
  const arbitrary: fc.Arbitrary<WorkerConnect> = fc.record(
    {
      connectionId: text,
      instanceId: text,
      authData: fc.record({ sessionToken: text, syncToken: text }),
      capabilities: bytes,
      apps: fc.array(app, { maxLength: 3 }),
      workerManualReadinessAck: fc.boolean(),
      systemAttributes: fc.record({ cpuCores: fc.nat(), memBytes: fc.maxSafeNat(), os: text }),
      framework: text,
      sdkVersion: text,
      sdkLanguage: text,
      maxWorkerConcurrency: fc.nat(),
    },
    {
      requiredKeys: [
        "connectionId",
        "instanceId",
        "capabilities",
        "apps",
        "workerManualReadinessAck",
        "framework",
        "sdkVersion",
        "sdkLanguage",
      ],
    },
  );
  fc.assert(
    fc.property(arbitrary, (message) => {
      expect(decodeMessage(workerConnect, encodeMessage(workerConnect, message))).toEqual(message);
    }),
  );
});

test("fields that are not known are skipped, whatever their wire type", () => {
  const frame = new Uint8Array([10, 1, 97, 17, 1, 2, 3, 4, 5, 6, 7, 8, 29, 1, 2, 3, 4, 32, 200, 1]);
  expect(decodeMessage(startRequest, frame)).toEqual({ excludeGateways: ["a"] });
});

test("property: whatever bytes come, the result is a message or an error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(connectFrame, executorRequest, workerReply, workerConnect),
      fc.uint8Array({ maxLength: 100 }),
      (table, frame) => {
        try {
          return typeof decodeMessage(table as typeof connectFrame, frame) === "object";
        } catch (error) {
          return error instanceof RangeError || error instanceof TypeError;
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a reply without what may be left out", () => {
  const reply: WorkerReply = decodeMessage(workerReply, new Uint8Array([10, 1, 114]));
  expect(reply).toMatchObject({ requestId: "r", status: 0, noRetry: false, requestVersion: 0 });
  expect(reply.retryAfter).toBeUndefined();
});
