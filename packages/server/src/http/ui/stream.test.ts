import type { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UiChanges } from "@pawl/protocol";
import { settled, testServer, type TestServer } from "../test-server.fixture.ts";
import { seqOf } from "./run-facts.ts";
import { ChangeStream } from "./stream.ts";

let server: TestServer;
let changes: ChangeStream;

beforeEach(async () => {
  server = await testServer();
  changes = new ChangeStream(server.context);
});

afterEach(async () => {
  changes.close();
  await server.stop();
});

type Message = { readonly id?: string; readonly event?: string; readonly data?: string };

/** What a client has received and not read yet. */
function received(stream: PassThrough): readonly Message[] {
  const text = (stream.read() as Buffer | null)?.toString("utf8") ?? "";
  const blocks = text.split("\n\n").filter((block) => block !== "" && !block.startsWith(":"));
  return blocks.map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2))) as Message);
}

function changesIn(stream: PassThrough): readonly UiChanges[] {
  return received(stream)
    .filter(({ event }) => event === "changes")
    .map(({ data = "" }) => JSON.parse(data) as UiChanges);
}

async function sendEvents(count: number): Promise<void> {
  await server.engine.send(Array.from({ length: count }, () => ({ name: "shop/imported", data: {} })));
  await settled();
}

test("changes come coalesced to the last state of each run, at most four times a second", async () => {
  const stream = changes.connect(undefined);
  expect(received(stream)).toEqual([{ retry: "1000", id: String(seqOf(server.context)) }]);
  await sendEvents(3);
  await server.clock.advance(40);
  const [first, ...more] = changesIn(stream);
  expect(more).toEqual([]);
  expect(first).toMatchObject({ eventsReceived: 3, appsChanged: false, seq: seqOf(server.context) });
  expect(first?.runs.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  await sendEvents(1);
  await server.clock.advance(200);
  expect(changesIn(stream)).toEqual([]);
  await server.clock.advance(50);
  expect(changesIn(stream)).toMatchObject([{ eventsReceived: 1 }]);
});

test("a client that comes back is told what it missed, once", async () => {
  const stream = changes.connect(undefined);
  const lastSeq = seqOf(server.context);
  stream.destroy();
  await settled();
  await sendEvents(2);
  const again = changes.connect(lastSeq);
  await server.clock.advance(250);
  expect(changesIn(again)).toMatchObject([{ eventsReceived: 2, runs: [{}, {}] }]);
  const third = changes.connect(seqOf(server.context));
  await server.clock.advance(1_000);
  expect(changesIn(third)).toEqual([]);
});

test("a client whose last number is too old, of another process or of the future must fetch again", async () => {
  await sendEvents(1);
  const now = seqOf(server.context);
  for (const seq of [now - 1, 5, now + 1_000_000]) {
    const events = received(changes.connect(seq)).map(({ event }) => event);
    expect(events).toEqual([undefined, "reset"]);
  }
});

test("timers are armed only while somebody listens, and nothing is watched a minute later", async () => {
  const before = server.clock.timerCount;
  await sendEvents(1);
  expect(server.clock.timerCount).toBe(before);
  const stream = changes.connect(undefined);
  await server.clock.advance(1_000);
  expect(server.clock.timerCount).toBe(before + 1);
  stream.destroy();
  await settled();
  await sendEvents(1);
  await server.clock.advance(60_000);
  expect(server.clock.timerCount).toBe(before);
  expect(changes.clientCount).toBe(0);
});

test("a heartbeat comes every 15 seconds", async () => {
  const stream = changes.connect(undefined);
  stream.read();
  await server.clock.advance(30_000);
  expect(String(stream.read()).match(/: still here/g)).toHaveLength(2);
});

test("many changes come in several messages, and too many in none", async () => {
  const stream = changes.connect(undefined);
  await sendEvents(450);
  await server.clock.advance(40 + 250 + 250);
  const sizes = changesIn(stream).map(({ runs }) => runs.length);
  expect(sizes).toEqual([200, 200, 50]);
  await sendEvents(5_001);
  await server.clock.advance(250);
  expect(received(stream).map(({ event }) => event)).toEqual(["reset"]);
});

test("the route streams, and ends when the server closes", async () => {
  const response = await server.http.inject({ url: "/ui/v1/stream", headers: { host: "localhost" }, payloadAsStream: true });
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store" });
  const chunks: string[] = [];
  const ended = new Promise((resolve) =>
    response
      .stream()
      .on("data", (chunk) => chunks.push(String(chunk)))
      .once("end", resolve),
  );
  await server.http.close();
  await ended;
  expect(chunks.join("")).toMatch(/^retry: 1000\nid: \d+\n\n/);
});
