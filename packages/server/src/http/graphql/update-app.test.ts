/** GraphQL's `updateApp`: an app at another URL. */
import { afterEach, expect, test } from "vitest";
import { inBandAnswer, inBandApp } from "../../app/in-band-app.fixture.ts";
import { functionConfig, type Json, testServer, type TestServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function update(id: string, url: string): Promise<Json> {
  const query = "mutation ($input: UpdateAppInput!) { updateApp(input: $input) { id url externalID sdkVersion } }";
  return (await server.post("/v0/gql", { query, variables: { input: { id, url } } })).body;
}

test("an app that registers at another URL is called there; one that does not stays where it was", async () => {
  server = await testServer();
  const [app] = server.engine.registry.apps();
  const id = app?.id ?? "";
  const { url } = await inBandApp(inBandAnswer({ functions: [functionConfig("shop-import")] }));
  expect((await update(id, url)).data.updateApp).toEqual({ id, url, externalID: "shop", sdkVersion: "5.0.0" });
  const { url: other } = await inBandApp(503);
  expect((await update(id, other)).errors).toMatchObject([{ extensions: { code: "app_sync_failed" } }]);
  expect((await update(id, "ftp://x")).errors).toMatchObject([{ extensions: { code: "invalid_request" } }]);
  expect((await update("none", url)).errors).toMatchObject([{ extensions: { code: "not_found" } }]);
  expect(server.engine.registry.appById(id)?.url).toBe(url);
});
