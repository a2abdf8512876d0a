/** The dashboard in a real browser: send an event in the form, see its run live, read its steps, run it again. */
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { NonRetriableError, Pawl } from "pawl";
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
    const text = await step.run("write text", () => `Hello, ${String(event.data["name"])}!`);
    if (event.data["name"] === "nobody") throw new NonRetriableError("there is nobody to greet");
    return text;
  });
  return [greet];
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
