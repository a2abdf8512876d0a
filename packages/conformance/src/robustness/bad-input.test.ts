/** Whatever comes in, the answer says what is wrong, and the server goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_BYTES_MAX } from "@pawl/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { http, type HttpAnswer, jsonOf } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { EVENT_KEY, type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "../harness/watch.ts";
import { type Answer, type ForeignApp, registerForeign, startForeignApp } from "./foreign-app.ts";

let dir: string;
let server: ServerProcess;
let app: ForeignApp;
let watch: Watch;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-bad-"));
  server = await startServerProcess({ dir, retryIntervalS: 1 });
  app = await startForeignApp();
  watch = await Watch.open(server);
});

afterAll(async () => {
  watch?.close();
  await Promise.all([app?.close(), server?.child.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

afterEach(async () => {
  expect((await http(`${server.url}/health`)).status).toBe(200);
});

const send = (body: unknown): Promise<HttpAnswer> => http(`${server.url}/e/${EVENT_KEY}`, { body });
const errorOf = (answer: HttpAnswer): string => String((jsonOf(answer) as { error?: unknown }).error);

describe("events", () => {
  test.each([
    ["malformed JSON", '[{"name": "a"', /JSON/],
    ["a text", '"event"', /event object/],
    ["a number", "7", /event object/],
    ["null", "null", /event object/],
    ["no name", { data: {} }, /name is empty/],
    ["an empty name", { name: "" }, /name is empty/],
    ["a number as name", { name: 7 }, /name must be a string/],
    ["a reserved name", { name: "inngest/function.failed" }, /reserved/],
    ["a list as data", { name: "a", data: [] }, /data must be an object/],
    ["a text as data", { name: "a", data: "x" }, /data must be an object/],
    ["a text as time", { name: "a", ts: "now" }, /ts must be an integer/],
    ["a time before 1980", { name: "a", ts: 1 }, /before Jan 1, 1980/],
    ["null in a list", [null], /event object/],
  ])("%s is refused with 400 and the reason", async (_what, body, reason) => {
    const answer = await send(body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatch(reason);
  });

  test("an event that is too large is refused, and the ones before it are kept", async () => {
    const answer = await send([{ name: "fine/one" }, { name: "huge", data: { text: "x".repeat(EVENT_BYTES_MAX) } }, { name: "fine/two" }]);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatch(/max size/i);
    const { ids } = jsonOf(answer) as { readonly ids: readonly string[] };
    expect(ids).toHaveLength(1);
    expect(await watch.event(ids[0] ?? "")).toMatchObject({ name: "fine/one" });
  });

  test("more events than a request may hold are refused", async () => {
    const answer = await send(Array.from({ length: 5_001 }, () => ({ name: "a" })));
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toContain("5000");
  });

  test("deeply nested JSON is refused with 400 and the reason", async () => {
    const answer = await send(`{"name":"deep","data":${deepJson()}}`);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toContain("nested");
  });

  test("bodies of the management API are measured, too", async () => {
    const answer = await http(`${server.url}/v1/signals`, { body: `{"signal":"a","data":${deepJson()}}`, headers: MANAGEMENT_HEADERS });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toContain("nested");
  });

  test("an unknown event key is refused with 401", async () => {
    const answer = await http(`${server.url}/e/unknown`, { body: { name: "a" } });
    expect(answer.status).toBe(401);
    expect(errorOf(answer)).toBe("Event key not found");
  });

  test.each(["/v1/events", "/fn/register", "/ui/v1/runs"])("%s is closed without the signing key", async (path) => {
    const method = path === "/fn/register" ? "POST" : "GET";
    expect((await http(`${server.url}${path}`, { method, ...(method === "POST" ? { body: {} } : {}) })).status).toBe(401);
  });
});

describe("apps", () => {
  const sdk = { "x-inngest-sdk": "js:v4.24.0", "x-inngest-req-version": "2" };
  const html = "<!doctype html><title>Welcome</title>";
  const answers: readonly (readonly [string, Answer, RegExp])[] = [
    ["a page with 200", (response) => response.writeHead(200, { "content-type": "text/html" }).end(html), /SDK/],
    ["an error page", (response) => response.writeHead(502, { "content-type": "text/html" }).end(html), /HTTP 502/],
    ["no JSON where steps are expected", (response) => response.writeHead(206, sdk).end(html), /./],
    ["an unknown kind of step", (response) => response.writeHead(206, sdk).end('[{"op":"Teleport","id":"a"}]'), /Teleport/],
    ["a step without id", (response) => response.writeHead(206, sdk).end('[{"op":"StepRun"}]'), /id/],
    ["a broken expression in a wait", (response) => response.writeHead(206, sdk).end(brokenWait()), /./],
    ["nothing: it closes the connection", (response) => response.destroy(), /closed the connection/],
    ["endless redirects", (response) => response.writeHead(307, { location: "/elsewhere" }).end(), /redirect/],
    ["a result nested too deeply", (response) => response.writeHead(200, sdk).end(deepJson()), /nested/],
    [
      "a step's output nested too deeply",
      (response) => response.writeHead(206, sdk).end(`[{"op":"StepRun","id":"a","data":${deepJson()}}]`),
      /nested/,
    ],
    ["a wrong encoding", (response) => response.writeHead(200, { ...sdk, "content-encoding": "gzip" }).end("plain"), /gzip/],
  ];

  test.each(answers)("an app answers %s: its run fails and says why", async (what, answer, reason) => {
    const id = what.replaceAll(/\W+/g, "-").replace(/-$/, "").toLowerCase();
    app.answers.set(id, answer);
    const registered = await registerForeign(server, { app, appName: "odd", functions: [{ id, trigger: { event: `odd/${id}` } }] });
    expect(registered.status, registered.text).toBe(200);
    const [eventId = ""] = await sendEvents(server, [{ name: `odd/${id}`, data: {} }]);
    const { run, error } = await watch.endedRunOf(eventId, `odd-${id}`);
    expect(run.status).toBe("FAILED");
    expect(`${error?.name} ${error?.message}`).toMatch(reason);
  });

  test("a broken trigger expression is refused, with the function's name and the place; other functions go on", async () => {
    const good = { id: "good", trigger: { event: "good/event" } };
    app.answers.set("good", (response) => response.writeHead(200, sdk).end('"fine"'));
    expect((await registerForeign(server, { app, appName: "mixed", functions: [good] })).status).toBe(200);
    const broken = { id: "broken", trigger: { event: "broken/event", expression: "event.data.n >" } };
    const answer = await registerForeign(server, { app, appName: "mixed", functions: [good, broken] });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("broken");
    expect(answer.text).toContain("expression");
    const [eventId = ""] = await sendEvents(server, [{ name: "good/event", data: {} }]);
    expect((await watch.endedRunOf(eventId)).output).toBe('"fine"');
  });

  test("an expression that fails for an event starts no run, is told, and stops nothing else", async () => {
    const functions = [
      { id: "fails", trigger: { event: "mixed/event", expression: "event.data.n > 3" } },
      { id: "works", trigger: { event: "mixed/event" } },
    ];
    app.answers.set("works", (response) => response.writeHead(200, sdk).end('"fine"'));
    expect((await registerForeign(server, { app, appName: "typed", functions })).status).toBe(200);
    const [eventId = ""] = await sendEvents(server, [{ name: "mixed/event", data: { n: "text" } }]);
    expect((await watch.endedRunOf(eventId, "typed-works")).output).toBe('"fine"');
    const event = await watch.event(eventId);
    expect(event.runs.map(({ functionSlug }) => functionSlug)).toEqual(["typed-works"]);
    expect(event.outcomes?.map(({ functionSlug }) => functionSlug)).toEqual(["typed-fails"]);
  });

  test.each([
    ["no body", undefined],
    ["a list", []],
    ["no name", { url: "http://127.0.0.1:1/api", functions: [] }],
    ["a URL that is none", { appName: "a", url: "ftp://here", functions: [] }],
    ["a function that is none", { appName: "a", url: "http://127.0.0.1:1/api", functions: [7] }],
  ])("a registration with %s is refused with 400", async (_what, body) => {
    const answer = await http(`${server.url}/fn/register`, { method: "POST", body, headers: MANAGEMENT_HEADERS });
    expect(answer.status, answer.text).toBe(400);
  });
});

/** Deeper than any recursion gets. */
function deepJson(): string {
  const depth = 50_000;
  return `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

function brokenWait(): string {
  const opts = { event: "a", timeout: "1h", if: "event.data.n >" };
  return JSON.stringify([{ op: "WaitForEvent", id: "0123456789012345678901234567890123456789", name: "a", opts }]);
}
