/** Syncs that the server asks for, with apps on real sockets. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { openMemoryStore } from "@pawl/store-memory";
import { describe, expect, onTestFinished, test } from "vitest";
import { Engine } from "../core/engine.ts";
import { functionConfig } from "../http/test-server.fixture.ts";
import { NO_METADATA } from "../net/address-policy.ts";
import { ManualClock, START } from "../ports/manual-clock.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { AppSync, type AppSyncOptions } from "./app-sync.ts";

const KEY = "8f0e5a3c";

const POLL_MS = 5_000;

type SeenRequest = { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string };
type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent after the body. */
  readonly newline?: string;
};

/** An app on a free port. */
async function appOf(answer: (request: SeenRequest) => Answer): Promise<{ readonly url: string; readonly requests: SeenRequest[] }> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      requests.push(seen);
      const { status, body: payload = {}, headers = {}, newline = "" } = answer(seen);
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(payload) + newline);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/pawl`, requests };
}

type Made = { readonly sync: AppSync; readonly engine: Engine; readonly clock: ManualClock };

function syncOf(options: Partial<AppSyncOptions> = {}, clock: ManualClock = new ManualClock()): Made {
  const invoker = { call: () => Promise.reject(new Error("not called")), close: async () => {} };
  const engine = new Engine({ store: openMemoryStore(), clock, random: systemRandom(), logger: silentLogger, invoker });
  const rest = { urls: [], discovers: false, pollIntervalMs: 0, pollsErrorsOnly: false };
  const sync = new AppSync({ engine, logger: silentLogger, kind: "dev", ...rest, ...options });
  onTestFinished(() => sync.stop());
  return { sync, engine, clock };
}

const inBand = (over: Readonly<Record<string, unknown>> = {}): Answer => ({
  status: 200,
  headers: { "x-inngest-sync-kind": "in_band", "x-inngest-sdk": "js:v4.24.0" },
  body: { app_id: "shop", sdk_language: "js", sdk_version: "4.24.0", framework: "express", functions: [functionConfig("shop-a")], ...over },
});

const UNREADABLE = "The app's answer says that its functions are in it, but can't be read.";

/** The answer, signed as SDKs do. */
function signed(answer: Answer, { key = KEY, at = START / 1_000, newline = "" } = {}): Answer {
  const mac = createHmac("sha256", key)
    .update(JSON.stringify(answer.body) + String(at))
    .digest("hex");
  return { ...answer, newline, headers: { ...answer.headers, "x-inngest-signature": `t=${at}&s=${mac}` } };
}

describe("functions in the answer, with a signing key", () => {
  test.each<[string, Answer, string | undefined]>([
    ["signed with it", signed(inBand()), undefined],
    ["signed, and with a newline at its end", signed(inBand(), { newline: "\n" }), undefined],
    ["signed with the key that it replaces", signed(inBand(), { key: "00ff" }), undefined],
    ["not signed", inBand(), undefined],
    ["signed with another key", signed(inBand(), { key: "beef" }), "response_signature_invalid"],
    ["signed an hour ago", signed(inBand(), { at: START / 1_000 - 3_600 }), "response_signature_invalid"],
    ["changed on its way", { ...signed(inBand()), body: inBand({ app_id: "other" }).body }, "response_signature_invalid"],
    [
      "with a signature that is none",
      { ...inBand(), headers: { ...inBand().headers, "x-inngest-signature": "s=1" } },
      "response_signature_invalid",
    ],
  ])("one %s", async (_what, answer, code) => {
    const app = await appOf(() => answer);
    const { sync, engine } = syncOf({ kind: "cloud", signingKey: KEY, signingKeyFallback: "00ff" });
    expect(await sync.add(app.url)).toMatchObject(code === undefined ? { kind: "synced" } : { kind: "failed", code });
    expect(engine.registry.functions()).toHaveLength(code === undefined ? 1 : 0);
  });
});

describe("the request", () => {
  test("a PUT that says who asks, signed over the body", async () => {
    const app = await appOf(() => ({ status: 200 }));
    const { sync } = syncOf({ kind: "cloud", signingKey: `signkey-prod-${KEY}` });
    expect(await sync.add(`${app.url}?deployId=d`)).toEqual({ kind: "synced" });
    const [request] = app.requests;
    expect(request).toMatchObject({ method: "PUT", url: "/api/pawl", headers: { "x-inngest-server-kind": "cloud" } });
    expect(JSON.parse(request?.body ?? "")).toEqual({ url: app.url });
    const at = String(START / 1_000);
    const mac = createHmac("sha256", KEY)
      .update((request?.body ?? "") + at)
      .digest("hex");
    expect(request?.headers["x-inngest-signature"]).toBe(`t=${at}&s=${mac}`);
  });

  test("a production server without a key asks nobody, and says why", async () => {
    const app = await appOf(() => inBand());
    const { sync } = syncOf({ kind: "cloud" });
    expect(await sync.add(app.url)).toEqual({ kind: "failed", code: "missing_server_signing_key" });
    expect(app.requests).toEqual([]);
  });

  test("without a key it is not signed", async () => {
    const app = await appOf(() => ({ status: 200 }));
    await syncOf().sync.add(app.url);
    expect(app.requests[0]?.headers).not.toHaveProperty("x-inngest-signature");
  });
});

describe("the answer", () => {
  test("functions in it are registered, in the place of what stood for the URL", async () => {
    let isUp = false;
    const app = await appOf(() => (isUp ? inBand() : { status: 404 }));
    const { sync, engine } = syncOf();
    await sync.add(app.url);
    expect(engine.registry.apps()).toMatchObject([{ name: "", url: app.url, error: "url_not_found" }]);
    isUp = true;
    expect(await sync.add(app.url)).toMatchObject({ kind: "synced", registered: { isModified: true } });
    expect(engine.registry.apps()).toMatchObject([{ name: "shop", url: app.url, sdk: "js:v4.24.0" }]);
    expect(engine.registry.functionBySlug("shop-a")?.archivedAt).toBeUndefined();
  });

  test("the SDK's name stands in one field or in two; the app's version counts", async () => {
    const app = await appOf(() => inBand({ sdk: "js:v4.18.1", sdk_language: "", sdk_version: "", appVersion: "7" }));
    const { sync, engine } = syncOf();
    await sync.add(app.url);
    expect(engine.registry.apps()).toMatchObject([{ name: "shop", sdk: "js:v4.18.1", appVersion: "7" }]);
  });

  test("functions in it that are invalid are the app's error", async () => {
    const app = await appOf(() =>
      inBand({ functions: [functionConfig("shop-a", { triggers: [{ event: "a", expression: "event.data." }] })] }),
    );
    const { sync, engine } = syncOf();
    expect((await sync.add(app.url)).kind).toBe("failed");
    expect(engine.registry.apps()[0]?.error).toContain("expression");
  });

  test.each<[Answer, string | undefined]>([
    [{ status: 401 }, "unauthorized"],
    [{ status: 403 }, "forbidden"],
    [{ status: 404 }, "url_not_found"],
    [{ status: 400, body: { message: "Your signing key is invalid" } }, "invalid_signing_key"],
    [{ status: 400, body: { message: "Error: No functions registered within your app" } }, "no_functions"],
    [{ status: 400, body: { message: "At least one function is invalid" } }, "invalid_function"],
    [{ status: 400, body: { message: "You didn't specify your workspace's signing key" } }, "missing_signing_key"],
    [{ status: 400, body: { message: "No INNGEST_ENV branch name found" } }, "missing_branch_env_name"],
    [{ status: 400, body: { message: "no stock" } }, "no stock"],
    [{ status: 400, body: {} }, "status_400"],
    [{ status: 500, body: {} }, "internal_server_error"],
    [{ status: 500, body: { message: "Failed to register; fetch failed" } }, "Failed to register; fetch failed"],
    [{ ...inBand(), body: "no functions" }, UNREADABLE],
    [{ ...inBand(), body: null }, UNREADABLE],
    [inBand({ functions: {} }), UNREADABLE],
    // So the Python SDK relays a refusal.
    [{ status: 200, body: { error: "Invalid function", status: 400 } }, "Invalid function"],
    [{ status: 200, body: { message: "Successfully registered", modified: true } }, undefined],
    [{ status: 204 }, undefined],
    [{ status: 302 }, "status_302"],
    [{ status: 405 }, "status_405"],
    [{ status: 502 }, "status_502"],
  ])("%j: %s", async (answer, code) => {
    const app = await appOf(() => answer);
    const { sync, engine } = syncOf();
    expect(await sync.add(app.url)).toEqual(code === undefined ? { kind: "synced" } : { kind: "failed", code });
    expect(engine.registry.apps().map(({ error }) => error)).toEqual(code === undefined ? [] : [code]);
  });

  test("what fails the same way again is one failure, and an app that is asked twice at once answers once", async () => {
    let status = 404;
    const app = await appOf(() => (status === 200 ? inBand() : { status }));
    const { sync, engine, clock } = syncOf();
    const syncs = async () => engine.store.history.syncsOfApp(engine.registry.apps()[0]?.id ?? "");
    await sync.add(app.url);
    await sync.add(app.url);
    expect(await syncs()).toMatchObject([{ source: "server", error: "url_not_found", url: app.url }]);
    status = 200;
    await Promise.all([sync.add(app.url), sync.add(app.url)]);
    expect(app.requests).toHaveLength(3);
    // The app that only had a URL is gone, and its failures with it.
    expect(await syncs()).toMatchObject([{ source: "server", durationMs: 0, functionCount: 1, diff: { added: ["shop-a"] } }]);
    status = 502;
    await sync.add(app.url);
    await clock.advance(1_000);
    status = 200;
    await sync.add(app.url);
    expect(engine.registry.functionBySlug("shop-a")?.version).toBe(1);
    expect((await syncs()).map(({ error }) => error)).toEqual([undefined, "status_502", undefined]);
  });

  test("what the app was told of its registration is the reason, not what it makes of that", async () => {
    const { sync, engine } = syncOf();
    const app = await appOf(() => {
      sync.took(app.url, { kind: "refused", code: "config_invalid", message: "", problems: [{ path: "", code: "", message: "no cron" }] });
      return { status: 400, body: { message: "At least one function is invalid" } };
    });
    expect(await sync.add(app.url)).toEqual({ kind: "failed", code: "no cron" });
    expect(engine.registry.apps()).toMatchObject([{ error: "no cron" }]);
  });

  test("a store that fails is told as that, and not as the app's failure", async () => {
    const app = await appOf(() => inBand());
    const { sync, engine } = syncOf();
    engine.register = () => Promise.reject(new Error("disk full"));
    expect(await sync.add(app.url)).toEqual({ kind: "failed", code: "not_stored" });
    expect(await sync.add("http://127.0.0.1:1/api/pawl")).toEqual({ kind: "failed", code: "not_stored" });
  });

  test("nobody there, and a URL that can't be asked", async () => {
    const { sync } = syncOf();
    expect(await sync.add("http://127.0.0.1:1/api/pawl")).toEqual({ kind: "failed", code: "unreachable" });
    expect(await sync.add("ftp://127.0.0.1/")).toEqual({ kind: "failed", code: "unsupported_protocol" });
    expect(await sync.add("ws://127.0.0.1/")).toEqual({ kind: "failed", code: "unsupported_protocol" });
    const guarded = syncOf({ addressPolicy: NO_METADATA });
    expect(await guarded.sync.add("http://169.254.169.254/")).toEqual({ kind: "failed", code: "address_refused" });
  });
});

/** A clock that tells when a timer is set: a poll that has ended sets the next one. */
class PollClock extends ManualClock {
  #polled: () => void = () => {};
  readonly polled: Promise<void> = new Promise((resolve) => (this.#polled = resolve));

  override setTimer(delayMs: number, callback: () => void): { cancel(): void } {
    if (delayMs === POLL_MS) this.#polled();
    return super.setTimer(delayMs, callback);
  }
}

describe("polling", () => {
  /** How often a good app and one in error have been asked, after the first poll. */
  async function polled(pollsErrorsOnly: boolean): Promise<readonly number[]> {
    const good = await appOf(() => inBand());
    const bad = await appOf(() => ({ status: 403 }));
    const clock = new PollClock();
    const { sync } = syncOf({ pollIntervalMs: POLL_MS, pollsErrorsOnly }, clock);
    await sync.add(good.url);
    await sync.add(bad.url);
    sync.start();
    await clock.advance(500);
    await clock.polled;
    return [good.requests.length, bad.requests.length];
  }

  test("every known app is asked again", async () => {
    expect(await polled(false)).toEqual([2, 2]);
  });

  test("or only those in error", async () => {
    expect(await polled(true)).toEqual([1, 2]);
  });

  test("none without an interval", () => {
    const { sync, clock } = syncOf();
    sync.start();
    expect(clock.timerCount).toBe(0);
  });
});

describe("discovery", () => {
  /** What apps on two ports are asked by one poll of a server that discovers: an SDK's under the second path, and something else. */
  async function discovered(known: (made: Made) => Promise<void> = async () => {}): Promise<readonly (readonly string[])[]> {
    const sdk = await appOf(({ method, url }) =>
      url !== "/api/pawl" ? { status: 404 } : method === "PUT" ? inBand() : { status: 200, headers: { "x-inngest-sdk": "js:v4.24.0" } },
    );
    const other = await appOf(() => ({ status: 404 }));
    const [port = 0, extraPort = 0] = [sdk, other].map(({ url }) => Number(new URL(url).port));
    const clock = new PollClock();
    const made = syncOf({ discovers: true, ports: [port], extraPort, pollIntervalMs: POLL_MS }, clock);
    await known(made);
    made.sync.start();
    await clock.advance(500);
    await clock.polled;
    return [sdk, other].map(({ requests }) => requests.map(({ method, url }) => `${method} ${url}`));
  }

  test("while no app is known, the usual ports and paths are tried; what says that it is an SDK is asked to register", async () => {
    expect(await discovered()).toEqual([
      ["GET /api/inngest", "GET /api/pawl", "PUT /api/pawl"],
      ["GET /api/inngest", "GET /api/pawl", "GET /x/inngest", "GET /.netlify/functions/inngest", "GET /.redwood/functions/inngest"],
    ]);
  });

  test("with an app, nothing else is tried", async () => {
    const known = await appOf(() => inBand());
    expect(await discovered(async ({ sync }) => void (await sync.add(known.url)))).toEqual([[], []]);
  });
});
