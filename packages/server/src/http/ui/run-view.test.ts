import { afterEach, expect, test } from "vitest";
import { answer, settled, testServer, type TestServer, type TestServerOptions } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function started(options: TestServerOptions): Promise<void> {
  server = await testServer(options);
}

async function newestRun() {
  await settled();
  return (await server.get("/ui/v1/runs")).body.items[0];
}

async function sent() {
  await server.post("/ui/v1/events", { name: "shop/imported", data: {} });
  return newestRun();
}

test("a failed run says in the list what it failed with", async () => {
  const runtime = { type: "http", url: "http://127.0.0.1:9/?fnId=shop-import" };
  const config = { steps: { step: { id: "step", name: "step", runtime, retries: { attempts: 0 } } } };
  await started({ config, app: () => answer(400, { name: "CardError", message: `declined\n${"x".repeat(400)}` }) });
  expect((await sent()).failure).toBe("CardError: declined");
});

test("a cancelled run says on its page why", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const { id } = await sent();
  await server.post(`/ui/v1/runs/${id}/cancel`);
  expect((await server.get(`/ui/v1/runs/${id}`)).body).toMatchObject({ endReason: "Cancelled in the dashboard." });
});

test("a run of a schedule names the schedule", async () => {
  await started({ config: { triggers: [{ cron: "0 * * * *" }] } });
  await server.clock.advance(3_600_000);
  const { id } = await newestRun();
  expect((await server.get(`/ui/v1/runs/${id}`)).body.cron).toBe("0 * * * *");
});

test("a replayed run names the operation that made it", async () => {
  await started({});
  const first = await sent();
  await server.clock.advance(1);
  const bulk = (await server.post("/ui/v1/bulks", { kind: "replay", functionSlug: "shop-import", delayMs: 0 })).body;
  const { id } = await newestRun();
  expect((await server.get(`/ui/v1/runs/${id}`)).body).toMatchObject({ run: { rerunOf: first.id }, bulkId: bulk.id });
});
