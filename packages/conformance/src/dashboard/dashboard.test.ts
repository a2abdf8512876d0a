/**
 * The dashboard in a real browser: send an event in the form, see its run live, read its steps, run it again, also from a step; pause and
 * resume a function; cancel many runs, and undo that; see workers come, work and go; read what an app's syncs changed, have it sync; sign in, make a key, use and revoke it.
 */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { NonRetriableError, Pawl } from "pawl";
import { connect } from "pawl/connect";
import { createServer } from "pawl/node";
import { openMemoryStore } from "@pawl/store-memory";
import { type PawlServer, startServer } from "@pawl/server";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDashboard } from "../../../../scripts/dashboard-build.ts";
import { CHROMIUM_ARGS, findChromium } from "./chromium.ts";

const executablePath = findChromium();
const root = join(import.meta.dirname, "../../../..");

let server: PawlServer;
let app: ReturnType<typeof createServer>;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  if (executablePath === undefined) return;
  await buildDashboard(root);
  server = await startServer({ store: openMemoryStore(), port: 0, dashboardDir: join(root, "packages/dashboard/dist/") });
  app = createServer({ client: clientOf(server.url), functions: functionsOf(server.url) });
  await new Promise<void>((resolve) => void app.listen(0, "127.0.0.1", resolve));
  await fetch(`http://127.0.0.1:${(app.address() as AddressInfo).port}/api/pawl`, { method: "PUT", body: "{}" });
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS] });
  page = await browser.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
});

afterAll(async () => {
  await browser?.close();
  app?.closeAllConnections();
  app?.close();
  await server?.stop(0);
});

function clientOf(baseUrl: string): Pawl {
  return new Pawl({ id: "shop", isDev: true, baseUrl });
}

function functionsOf(baseUrl: string): Parameters<typeof createServer>[0]["functions"] {
  const client = clientOf(baseUrl);
  const greet = client.createFunction({ id: "greet", triggers: { event: "shop/greeted" } }, async ({ event, step }) => {
    const text = await step.run("write text", (name: string) => `Hello, ${name}!`, String(event.data["name"]));
    if (event.data["name"] === "nobody") throw new NonRetriableError("there is nobody to greet");
    return text;
  });
  const nap = client.createFunction({ id: "nap", triggers: { event: "shop/tired" } }, async ({ step }) => {
    await step.sleep("nap", "1h");
  });
  return [greet, nap];
}

test.skipIf(executablePath === undefined)(
  "an event sent in the form has a run with its steps, payloads and error, and can be run again",
  async () => {
    await page.goto(`${server.url}/send?name=shop%2Fgreeted`);
    await page.getByRole("textbox", { name: "Data" }).fill('{ "name": "Ada" }');
    await page.getByRole("button", { name: "Send event" }).click();
    await page.goto(`${server.url}/runs`);
    const runs = page.getByRole("table", { name: "Runs" });
    await runs.getByText("Completed").first().waitFor();
    await runs.getByRole("link", { name: "greet" }).first().click();
    await page.getByRole("treeitem", { name: /write text, completed/ }).click();
    await page
      .getByRole("complementary", { name: /write text/ })
      .getByText("Hello, Ada!")
      .waitFor();

    const before = page.url();
    await page.getByRole("button", { name: "Rerun" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Rerun" }).click();
    await page.waitForURL((url) => url.href !== before && url.pathname.startsWith("/runs/"));
    await page.getByRole("treeitem", { name: /^Run, completed/ }).waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(executablePath === undefined)(
  "a run that fails while the list is open appears there by itself, with its error on its page",
  async () => {
    await page.goto(`${server.url}/runs`);
    await page.getByRole("table", { name: "Runs" }).getByText("Completed").first().waitFor();
    await clientOf(server.url).send({ name: "shop/greeted", data: { name: "nobody" } });
    await page.getByRole("table", { name: "Runs" }).getByText("Failed").first().waitFor();
    await page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "greet" }).first().click();
    await page.getByText("there is nobody to greet").first().waitFor();
    expect(problems).toEqual([]);
  },
);

test.skipIf(executablePath === undefined)("a run is run again from a step with other arguments", async () => {
  await clientOf(server.url).send({ name: "shop/greeted", data: { name: "Linus" } });
  await page.goto(`${server.url}/runs`);
  await page.getByRole("table", { name: "Runs" }).getByText("Completed").first().waitFor();
  await page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "greet" }).first().click();
  await page.getByRole("treeitem", { name: /write text, completed/ }).click();
  const before = page.url();
  await page.getByRole("button", { name: "Run again from this step…" }).click();
  const dialog = page.getByRole("dialog");
  expect(JSON.parse(await dialog.getByRole("textbox", { name: /Arguments/ }).inputValue())).toEqual(["Linus"]);
  await dialog.getByRole("textbox", { name: /Arguments/ }).fill('["Grace"]');
  await dialog.getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => url.pathname !== new URL(before).pathname);
  await page.getByRole("treeitem", { name: /write text, completed/ }).click();
  await page
    .getByRole("complementary", { name: /write text/ })
    .getByText("Hello, Grace!")
    .waitFor();
  expect(problems).toEqual([]);
});

test.skipIf(executablePath === undefined)("a paused function keeps its runs and says why; resumed, it runs them", async () => {
  await page.goto(`${server.url}/functions/shop-greet`);
  await page.getByRole("button", { name: "Pause…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused · hold").waitFor();
  await clientOf(server.url).send({ name: "shop/greeted", data: { name: "Edsger" } });
  await page.goto(`${server.url}/runs?status=QUEUED`);
  await page.getByRole("table", { name: "Runs" }).getByText("Held: the function is paused.").waitFor();
  await page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "greet" }).click();
  await page.getByRole("link", { name: "Resume the function" }).waitFor();
  const run = page.url();
  await page.getByRole("link", { name: "Resume the function" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause…" }).waitFor();
  await page.goto(run);
  await page.getByRole("treeitem", { name: /^Run, completed/ }).waitFor();
  expect(problems).toEqual([]);
});

test.skipIf(executablePath === undefined)("many runs are cancelled at once; until it begins, that can be undone", async () => {
  await clientOf(server.url).send([{ name: "shop/tired" }, { name: "shop/tired" }]);
  await page.goto(`${server.url}/runs?function=shop-nap&status=RUNNING`);
  await page.getByRole("table", { name: "Runs" }).getByText("Waiting").nth(1).waitFor();
  await page.getByRole("button", { name: "Cancel all…" }).click();
  await page.getByRole("dialog").getByText("2 runs match now.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel them" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone before it began: no run was touched.").waitFor();
  // Without the time for undoing, which nobody should wait for here.
  const request = { kind: "cancel", functionSlug: "shop-nap", delayMs: 0 };
  await page.evaluate(async (body) => {
    await fetch("/ui/v1/bulks", { method: "POST", headers: { "content-type": "application/json" }, body });
  }, JSON.stringify(request));
  await page.goto(`${server.url}/bulks`);
  await page.getByRole("listitem", { name: "Cancel runs of shop-nap" }).getByText("2 runs looked at, 2 cancelled").waitFor();
  await page.goto(`${server.url}/runs?function=shop-nap`);
  await page.getByRole("table", { name: "Runs" }).getByText("Cancelled").nth(1).waitFor();
  expect(problems).toEqual([]);
});

test.skipIf(executablePath === undefined)("a worker is there while it is connected, with the calls that it has", async () => {
  const gate = Promise.withResolvers<void>();
  const client = new Pawl({ id: "loader", isDev: true, baseUrl: server.url, appVersion: "v7" });
  const load = client.createFunction({ id: "load", triggers: { event: "loader/asked" } }, async ({ step }) => {
    await step.run("load", () => gate.promise);
  });
  await page.goto(`${server.url}/workers`);
  await page.getByRole("heading", { name: "No workers are connected." }).waitFor();
  const worker = await connect({
    apps: [{ client, functions: [load] }],
    instanceId: "loader-1",
    maxWorkerConcurrency: 2,
    handleShutdownSignals: [],
  });
  const line = page.getByRole("table", { name: "Workers of loader" }).getByRole("row", { name: /loader-1/ });
  await line.getByText("Ready").waitFor();
  const cells = await line.getByRole("cell").allTextContents();
  expect(cells.slice(0, 5)).toEqual(["Ready", "0 of 2", "v7", expect.stringMatching(/^pawl-js v/), "loader-load"]);
  await clientOf(server.url).send({ name: "loader/asked", data: {} });
  await line.getByText("1 of 2").waitFor();
  gate.resolve();
  await line.getByText("0 of 2").waitFor();
  await worker.close();
  await page.getByRole("heading", { name: "loader has no worker: its runs wait." }).waitFor();
  await page.getByRole("region", { name: "Workers of loader" }).getByText("No worker is connected").waitFor();
  expect(problems).toEqual([]);
});

test.skipIf(executablePath === undefined)(
  "an app's panel tells what each sync changed, and asks it to sync again or elsewhere",
  async () => {
    const client = new Pawl({ id: "books", isDev: true, baseUrl: server.url });
    const lend = (retries: number) =>
      client.createFunction({ id: "lend", retries, triggers: { event: "books/asked" } }, () => Promise.resolve("lent"));
    const remind = client.createFunction({ id: "remind", triggers: { event: "books/due" } }, () => Promise.resolve("reminded"));
    let deployed = createServer({ client, functions: [lend(4)] });
    const books = createHttpServer((request, response) => void deployed.emit("request", request, response));
    await new Promise<void>((resolve) => void books.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(books.address() as AddressInfo).port}/api/pawl`;
    try {
      await fetch(url, { method: "PUT", body: "{}" });
      await page.goto(`${server.url}/apps`);
      await page.getByRole("list", { name: "Apps" }).getByRole("link", { name: "books" }).click();
      const panel = page.getByRole("complementary", { name: "App books" });
      const syncs = panel.getByRole("list", { name: "Syncs, newest first" });
      await syncs.getByText("+1 function", { exact: true }).waitFor();

      deployed = createServer({ client, functions: [lend(6), remind] });
      await fetch(url, { method: "PUT", body: "{}" });
      await syncs.locator("summary", { hasText: "+1 function, 1 changed" }).press("Enter");
      const newest = syncs.locator("> li").first();
      await newest.getByRole("region", { name: "Added" }).getByText("books-remind").waitFor();
      expect(await newest.getByRole("region", { name: "Changed" }).textContent()).toContain("books-lendattemptsMax: 5");
      expect(await newest.locator(".sync-line").textContent()).toContain("registered by itself");

      await page.reload();
      await panel.getByRole("button", { name: "Resync" }).click();
      await panel.getByText("Synced: nothing has changed.").waitFor();
      expect(problems).toEqual([]);

      await panel.getByRole("button", { name: "Change URL…" }).click();
      await page.getByRole("dialog").getByRole("textbox", { name: "URL" }).fill("http://127.0.0.1:1/api/pawl");
      await page.keyboard.press("Enter");
      const refusal = await page.getByRole("dialog").getByRole("alert").textContent();
      expect(refusal).toMatch(/127\.0\.0\.1:1\/api\/pawl could not be synced: unreachable\. Check that the app is running/);
      await page.keyboard.press("Escape");
      await panel.getByText(url, { exact: true }).waitFor();
      // The browser's own note of the refusal.
      expect(problems.splice(0)).toEqual([expect.stringContaining("422")]);
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });
    } finally {
      books.closeAllConnections();
      books.close();
    }
  },
);

test.skipIf(executablePath === undefined)(
  "in production one signs in; a key that is made there opens the API until it is revoked",
  async () => {
    const signingKey = "0123456789abcdef0123456789abcdef";
    const dashboardDir = join(root, "packages/dashboard/dist/");
    const production = await startServer({ store: openMemoryStore(), port: 0, kind: "cloud", signingKey, dashboardDir });
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    const own = await context.newPage();
    const statusWith = async (key: string): Promise<number> =>
      (await fetch(`${production.url}/ui/v1/runs`, { headers: { authorization: `Bearer ${key}` } })).status;
    try {
      await own.goto(`${production.url}/settings/keys`);
      await own.getByLabel("Signing key").fill("0011");
      await own.keyboard.press("Enter");
      await own.getByRole("alert").getByText("That is not this server's signing key.").waitFor();
      await own.getByLabel("Signing key").fill(signingKey);
      await own.keyboard.press("Enter");
      await own.getByRole("button", { name: "New key…" }).first().click();
      await own.getByRole("textbox", { name: "Name" }).fill("grafana");
      await own.keyboard.press("Enter");
      const secret = own.getByRole("region", { name: "The key grafana, shown this once" });
      await secret.getByRole("button", { name: "Copy the key" }).click();
      const key = await own.evaluate(() => navigator.clipboard.readText());
      expect(await secret.locator("code").textContent()).toBe(key);
      expect(await own.evaluate(() => document.querySelector(".secret")?.contains(document.activeElement))).toBe(true);
      expect(await statusWith(key)).toBe(200);
      await own.reload();
      await own.getByRole("row", { name: /grafana/ }).waitFor();
      expect(await own.content()).not.toContain(key);
      expect(await own.getByRole("row", { name: /grafana/ }).textContent()).toMatch(/Readnow|Read\d+ s ago/);
      await own.getByRole("button", { name: "Revoke grafana…" }).click();
      await own.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await own.getByText("grafana is revoked").waitFor();
      expect(await statusWith(key)).toBe(401);
      await own.getByRole("button", { name: "Sign out" }).click();
      await own.getByLabel("Signing key").waitFor();
    } finally {
      await context.close();
      await production.stop(0);
    }
  },
);
