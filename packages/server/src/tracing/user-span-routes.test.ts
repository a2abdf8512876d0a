import { gzipSync } from "node:zlib";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type UserSpan, userSpansOf } from "@pawl/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testServer, type TestServer } from "../http/test-server.fixture.ts";
import { runIds } from "./span-ids.ts";

const { LengthDelimited: BYTES, Varint: VARINT, Bit64: FIXED64 } = WireType;
const PATH = "/v1/traces/userland";
const JSON_TYPE = { "content-type": "application/json" };

let server: TestServer;
let runId: string;

beforeEach(async () => {
  server = await testServer();
  runId = await startedRun();
});
afterEach(() => server.stop());

async function startedRun(): Promise<string> {
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await server.clock.advance(0);
  const [run] = await server.engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "desc", limit: 1 });
  return run?.id ?? "";
}

type Given = {
  readonly spanId?: string;
  readonly traceId?: string;
  readonly ref?: string;
  readonly runId?: string;
  readonly name?: string;
};

function spanOf({ spanId = "00000000000000aa", name = "query", ...given }: Given = {}) {
  const { traceId } = runIds(runId);
  const attributes = {
    "inngest.traceref": given.ref ?? JSON.stringify({ tp: `00-${traceId}-0000000000000001-01` }),
    "sdk.run.id": given.runId ?? runId,
    "inngest.step.hash": "beef",
    "db.rows": 3,
  };
  return { traceId: given.traceId ?? traceId, spanId, name, attributes };
}

/** As JSON. */
function jsonOf(...spans: readonly ReturnType<typeof spanOf>[]): object {
  const list = spans.map(({ attributes, ...span }) => ({
    ...span,
    parentSpanId: "00000000000000bb",
    kind: 3,
    startTimeUnixNano: "1700000000000500000",
    endTimeUnixNano: "1700000000002000000",
    status: { code: 2, message: "locked" },
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
    })),
  }));
  return { resourceSpans: [{ scopeSpans: [{ scope: { name: "pg" }, spans: list }] }] };
}

/** The same as protobuf. */
function bytesOf({ attributes, ...span }: ReturnType<typeof spanOf>): Buffer {
  const writer = new BinaryWriter()
    .tag(1, BYTES)
    .fork()
    .tag(2, BYTES)
    .fork()
    .tag(1, BYTES)
    .fork()
    .tag(1, BYTES)
    .string("pg")
    .join()
    .tag(2, BYTES)
    .fork();
  writer.tag(1, BYTES).bytes(Buffer.from(span.traceId, "hex")).tag(2, BYTES).bytes(Buffer.from(span.spanId, "hex"));
  writer.tag(4, BYTES).bytes(Buffer.from("00000000000000bb", "hex")).tag(5, BYTES).string(span.name).tag(6, VARINT).int32(3);
  writer.tag(7, FIXED64).fixed64("1700000000000500000").tag(8, FIXED64).fixed64("1700000000002000000");
  for (const [key, value] of Object.entries(attributes)) {
    writer.tag(9, BYTES).fork().tag(1, BYTES).string(key).tag(2, BYTES).fork();
    if (typeof value === "number") writer.tag(3, VARINT).int64(value);
    else writer.tag(1, BYTES).string(value);
    writer.join().join();
  }
  writer.tag(15, BYTES).fork().tag(2, BYTES).string("locked").tag(3, VARINT).int32(2).join();
  return Buffer.from(writer.join().join().join().finish());
}

async function stored(): Promise<readonly UserSpan[]> {
  return userSpansOf(await server.engine.store.history.spansOfRun(runId));
}

const EXPECTED = {
  id: "00000000000000aa",
  parentId: "00000000000000bb",
  name: "query",
  kind: "client",
  stepId: "beef",
  startedAt: 1_700_000_000_000.5,
  endedAt: 1_700_000_000_002,
  status: "error",
  statusMessage: "locked",
  scope: "pg",
  attributes: { "inngest.step.hash": "beef", "db.rows": 3 },
};

describe("spans of users' code", () => {
  test("are taken as JSON, and are the run's", async () => {
    expect(await server.post(PATH, jsonOf(spanOf()), JSON_TYPE)).toMatchObject({ status: 200, body: {} });
    expect(await stored()).toEqual([EXPECTED]);
  });

  test("are taken as protobuf, compressed or not; what is sent again changes nothing", async () => {
    const body = bytesOf(spanOf());
    for (const [payload, headers] of [
      [body, {}],
      [gzipSync(body), { "content-encoding": "gzip" }],
    ] as const) {
      const answer = await server.http.inject({
        method: "POST",
        url: PATH,
        payload,
        headers: { "content-type": "application/x-protobuf", ...headers },
      });
      expect([answer.statusCode, answer.headers["content-type"], answer.rawPayload.length]).toEqual([200, "application/x-protobuf", 0]);
    }
    expect(await stored()).toEqual([EXPECTED]);
    expect(await server.engine.store.history.spansOfRun(runId)).toHaveLength(1);
  });

  test.each<[string, Given]>([
    ["without a reference", { ref: "" }],
    ["with another run's reference", { ref: '{"tp":"00-0123456789abcdef0123456789abcdef-0000000000000001-01"}' }],
    ["of a run that is not there", { runId: "01HF7YAT00000G40R40M30E20A" }],
    ["without an id", { spanId: "" }],
  ])("one %s is rejected, and the others are kept", async (_what, over) => {
    const { body } = await server.post(PATH, jsonOf(spanOf(over), spanOf({ spanId: "00000000000000cc" })), JSON_TYPE);
    expect(body).toEqual({ partialSuccess: { rejectedSpans: "1", errorMessage: expect.stringContaining("inngest.traceref") } });
    expect((await stored()).map(({ id }) => id)).toEqual(["00000000000000cc"]);
  });

  test("protobuf is told the number of rejected ones", async () => {
    const payload = bytesOf(spanOf({ ref: "" }));
    const { rawPayload } = await server.http.inject({
      method: "POST",
      url: PATH,
      payload,
      headers: { "content-type": "application/x-protobuf" },
    });
    const reader = new BinaryReader(rawPayload);
    expect(reader.tag()).toEqual([1, 2]);
    const partial = new BinaryReader(reader.bytes());
    expect([partial.tag(), String(partial.int64())]).toEqual([[1, 0], "1"]);
  });

  test("a run has so many of them, and no more", async () => {
    const spans = Array.from({ length: 2_000 }, (_, index) => spanOf({ spanId: index.toString(16).padStart(16, "0"), name: "x" }));
    expect(await server.post(PATH, jsonOf(...spans.slice(0, 1_500)), JSON_TYPE)).toMatchObject({ body: {} });
    const { body } = await server.post(PATH, jsonOf(...spans.slice(0, 501)), JSON_TYPE);
    expect(body).toMatchObject({ partialSuccess: { rejectedSpans: "501", errorMessage: expect.stringContaining("at most 2000") } });
    expect(await stored()).toHaveLength(1_500);
  });

  test.each([
    ["no JSON", "]", "application/json"],
    ["another shape", '{"resourceSpans":{}}', "application/json"],
    ["no protobuf", "\u00ff\u00ff", "application/x-protobuf"],
  ])("a body that is %s is an error in the request's encoding", async (_what, payload, type) => {
    const answer = await server.http.inject({ method: "POST", url: PATH, payload, headers: { "content-type": type } });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers["content-type"]).toContain(type);
    expect(answer.payload).toContain("no export of traces");
  });

  test("a compressed body is measured decompressed", async () => {
    const payload = gzipSync(Buffer.alloc(9 * 1024 * 1024));
    const headers = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
    expect((await server.http.inject({ method: "POST", url: PATH, payload, headers })).statusCode).toBe(400);
  });

  test("with a signing key they need it; /dev/traces is for development", async () => {
    await server.stop();
    server = await testServer({ kind: "cloud", signingKey: "00ff" });
    expect(await server.post(PATH, {}, JSON_TYPE)).toMatchObject({ status: 401, body: { code: 16, message: "Authentication failed" } });
    expect(await server.post(PATH, {}, { ...JSON_TYPE, authorization: "Bearer 00ff" })).toMatchObject({ status: 200 });
    expect(await server.post("/dev/traces", {}, JSON_TYPE)).toMatchObject({ status: 404 });
  });
});
