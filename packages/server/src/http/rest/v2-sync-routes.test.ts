/** Syncs of an app, over REST and for the dashboard. */
import { afterEach, describe, expect, test } from "vitest";
import { inBandAnswer, inBandApp } from "../../app/in-band-app.fixture.ts";
import { functionConfig, testServer, type TestServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

const SYNCS = "/v2/apps/shop/syncs";

describe("asking an app to register", () => {
  test("at another URL: it is called there from then on, and its history says so", async () => {
    server = await testServer();
    const app = await inBandApp(inBandAnswer({ functions: [functionConfig("shop-import"), functionConfig("shop-export")] }));
    const { body } = await server.post(SYNCS, { url: app.url });
    expect(body.data).toMatchObject({ isModified: true, url: app.url });
    const { body: list } = await server.get(SYNCS);
    expect(list.data).toMatchObject([
      {
        id: body.data.syncId,
        status: "success",
        source: "SERVER",
        url: app.url,
        functionCount: 2,
        changes: { app: [{ path: "url", after: JSON.stringify(app.url) }, { path: "sdk" }], addedFunctions: ["shop-export"] },
      },
      { source: "APP", changes: { addedFunctions: ["shop-import"] } },
    ]);
    const again = await server.post(SYNCS);
    expect([again.body.data.syncId, again.body.data.isModified, app.asked]).toEqual([body.data.syncId, undefined, 2]);
  });

  test.each<[string, object | number, object, number, string]>([
    ["answers with a failure", 503, {}, 422, "status_503"],
    ["registers nothing", 200, {}, 422, "registered nothing"],
    ["is another app", inBandAnswer({ app_id: "other" }), {}, 422, "is the app other, not shop"],
    ["has invalid functions", inBandAnswer({ functions: [{}] }), {}, 422, "name"],
    ["can't be a URL", 200, { url: "ftp://127.0.0.1" }, 400, "http or https"],
    ["is no text", 200, { url: 7 }, 400, "http or https"],
  ])("what %s is told: %s", async (...[, answer, body, status, text]) => {
    server = await testServer();
    const { url } = await inBandApp(answer);
    const reply = await server.post(SYNCS, { url, ...body });
    expect([reply.status, reply.body.errors[0].message]).toEqual([status, expect.stringContaining(text)]);
    const { id } = server.engine.registry.appByName("shop") ?? {};
    const ofDashboard = await server.post(`/ui/v1/apps/${id}/sync`, { url, ...body }, { origin: "http://localhost:8288" });
    expect([ofDashboard.status, ofDashboard.body.error.message]).toEqual([status, expect.stringContaining(text)]);
  });

  test("at another URL where nobody answers: it stays where it is, and the URL is kept nowhere", async () => {
    server = await testServer();
    const { url } = await inBandApp(503);
    expect((await server.post(SYNCS, { url })).status).toBe(422);
    expect(server.engine.registry.apps()).toHaveLength(1);
    expect(server.engine.registry.appByName("shop")?.url).not.toBe(url);
  });

  test("not one that workers serve: they register when they connect", async () => {
    server = await testServer();
    const app = { appName: "workers", url: "ws://connect", sdk: "js:v5", framework: "", deployType: "connect", functions: [] };
    await server.post("/fn/register", app);
    expect(await server.post("/v2/apps/workers/syncs")).toMatchObject({ status: 422, body: { errors: [{ code: "app_sync_failed" }] } });
  });
});

test("the list has pages, and says what it does not know", async () => {
  server = await testServer();
  const { id } = server.engine.registry.appByName("shop") ?? {};
  for (const version of ["1", "2"])
    await server.post("/fn/register", {
      appName: "shop",
      url: "http://127.0.0.1:9/api/pawl",
      sdk: "js:v5",
      appVersion: version,
      functions: [],
    });
  const { body: first } = await server.get(`${SYNCS}?limit=2`);
  expect(first).toMatchObject({ data: [{ appVersion: "2" }, { appVersion: "1" }], page: { hasMore: true, cursor: first.data[1].id } });
  const { body: second } = await server.get(`${SYNCS}?limit=2&cursor=${first.page.cursor}`);
  expect(second.data).toHaveLength(1);
  expect(second.page).toEqual({ limit: 2 });
  expect((await server.get(`${SYNCS}?cursor=none`)).status).toBe(400);
  expect((await server.get("/v2/apps/none/syncs")).status).toBe(404);
  expect((await server.get(`/ui/v1/apps/${id}/syncs`)).body.items).toHaveLength(3);
  expect((await server.get("/ui/v1/apps/none/syncs")).body.error.code).toBe("app-not-found");
});
