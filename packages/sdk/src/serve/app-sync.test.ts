import { describe, expect, test } from "vitest";
import { createHandler } from "./web.ts";
import { sign, world } from "./app.fixture.ts";

describe("sync", () => {
  const put = (headers: Record<string, string> = {}, query = ""): Request =>
    new Request(`http://app.test/api/pawl${query}`, { method: "PUT", headers, body: '{"url":"http://app.test/api/pawl"}' });

  test("out of band: registers with the server and relays the outcome", async () => {
    const { handle, requests } = world({ isDev: true });
    const response = await handle(put({ "x-inngest-server-kind": "dev" }, "?deployId=d1"));
    expect([response.status, response.headers.get("x-inngest-sync-kind"), await response.json()]).toEqual([
      200,
      "out_of_band",
      { message: "Successfully registered", modified: true },
    ]);
    expect(requests[0]?.url).toBe("http://server.test/fn/register?deployId=d1");
    expect(requests[0]?.headers).toMatchObject({
      "x-inngest-expected-server-kind": "dev",
      "x-inngest-sync-kind": "out_of_band",
      "x-inngest-framework": "web",
    });
    const step = (slug: string, attempts: number) => ({
      step: {
        id: "step",
        name: "step",
        runtime: { type: "http", url: `http://app.test/api/pawl?fnId=${slug}&stepId=step` },
        retries: { attempts },
      },
    });
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
      url: "http://app.test/api/pawl",
      deployType: "ping",
      framework: "web",
      appName: "shop",
      sdk: "pawl-js:v0.1.0",
      v: "0.1",
      deployId: "d1",
      capabilities: { trust_probe: "v1" },
      functions: [
        { id: "shop-import", name: "import", triggers: [{ event: "catalogue/uploaded" }], steps: step("shop-import", 2) },
        {
          id: "shop-import-failure",
          name: "import (failure)",
          triggers: [{ event: "inngest/function.failed", expression: "event.data.function_id == 'shop-import'" }],
          steps: step("shop-import-failure", 1),
        },
      ],
    });
  });

  test("origin and path can be set", async () => {
    const { handle, requests } = world({ isDev: true }, { serveOrigin: "https://shop.example", servePath: "/hooks/pawl" });
    await handle(put());
    expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ url: "https://shop.example/hooks/pawl" });
  });

  test("a refusal and an unreachable server are told", async () => {
    const refused = world(
      { isDev: true },
      { reply: () => ({ status: 400, body: '{"code":"x","error":"At least one function is invalid","status":400}' }) },
    );
    const refusal = await refused.handle(put());
    expect([refusal.status, await refusal.json()]).toEqual([400, { message: "At least one function is invalid", modified: false }]);
    const plain = await world({ isDev: true }, { reply: () => ({ status: 401, body: "Authentication failed" }) }).handle(put());
    expect([plain.status, await plain.json()]).toMatchObject([500, { message: expect.stringContaining("Authentication failed") }]);
    const down = world({
      isDev: true,
      transport: async () => {
        throw new Error("connection refused");
      },
    });
    expect(await (await down.handle(put())).json()).toEqual({ message: "Failed to register; connection refused", modified: false });
  });

  test("unsigned syncs can be forbidden", async () => {
    expect((await world().handle(put())).status).toBe(200);
    expect((await world({}, { enableUnauthedSync: false }).handle(put())).status).toBe(401);
  });

  test("in band: the functions come in the response", async () => {
    const { handle, requests } = world();
    const body = '{"url":"http://app.test/api/pawl"}';
    const response = await handle(put({ "x-inngest-sync-kind": "in_band", "x-inngest-signature": sign(body) }));
    expect([response.status, response.headers.get("x-inngest-sync-kind"), requests]).toEqual([200, "in_band", []]);
    expect(await response.json()).toMatchObject({
      app_id: "shop",
      sdk: "pawl-js:v0.1.0",
      url: "http://app.test/api/pawl",
      functions: [{ id: "shop-import" }, {}],
      inspection: { authentication_succeeded: true, function_count: 1, signing_key_hash: "16bf57b4dc9e", mode: "cloud" },
    });
    expect((await handle(put({ "x-inngest-sync-kind": "in_band" }))).status).toBe(401);
  });
});

describe("introspection", () => {
  test("dev mode tells what anyone may know", async () => {
    const response = await world({ isDev: true }).handle(new Request("http://app.test/api/pawl"));
    expect(await response.json()).toEqual({
      extra: { native_crypto: true },
      has_event_key: false,
      has_signing_key: true,
      function_count: 1,
      mode: "dev",
      schema_version: "2024-05-24",
    });
  });

  test("cloud mode tells more to the server and nothing to others", async () => {
    const { handle } = world({ eventKey: "ev" });
    expect((await handle(new Request("http://app.test/api/pawl"))).status).toBe(401);
    const response = await handle(new Request("http://app.test/api/pawl", { headers: { "x-inngest-signature": sign("") } }));
    expect(await response.json()).toMatchObject({
      authentication_succeeded: true,
      app_id: "shop",
      api_origin: "http://server.test/",
      sdk_language: "pawl-js",
      event_key_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

test("two functions with the same id are refused", () => {
  const { client } = world();
  const a = client.createFunction({ id: "x" }, () => 1);
  expect(() => createHandler({ client, functions: [a, a] })).toThrow('two functions have the id "x"');
});
