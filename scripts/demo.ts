/**
 * `npm run demo`: a server, the example shop, real events, and their runs until they have ended. Then everything stays up to play with;
 * Ctrl+C ends it. `npm run demo -- --once` ends by itself, with exit code 1 if a run ended otherwise than it should.
 */
import { createServer } from "node:net";
import { join } from "node:path";
import type { UiRunRow } from "@pawl/protocol";
import { Children } from "./children.ts";
import { buildDashboard } from "./dashboard-build.ts";
import { followRuns } from "./follow-runs.ts";

const root = join(import.meta.dirname, "..");
const isOnce = process.argv.includes("--once");
const children = new Children(root);
let isEnding = false;

const SERVER_PORT = 8288;
const SHOP_PORT = 3010;

/** Longest time that the demo's runs may take; they take about five seconds. */
const RUNS_MS_MAX = 120_000;

/** Runs that the events below lead to, by function and status. Order 2 has nothing to pay, and fails. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "shop-import-product-images": { COMPLETED: 6 },
  "shop-checkout": { COMPLETED: 1, FAILED: 1 },
  "shop-checkout-failure": { COMPLETED: 1 },
  "shop-send-receipt": { COMPLETED: 1 },
  "shop-follow-delivery": { COMPLETED: 1 },
  "shop-win-back-cart": { COMPLETED: 1 },
};

endOnSignals();
try {
  await demo();
} catch (error) {
  if (!isEnding) {
    process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    await end(1);
  }
}

async function demo(): Promise<void> {
  await buildDashboard(root);
  const server = await children.start({
    path: "packages/cli/src/main.ts",
    args: ["dev", "--port", String(await freePort(SERVER_PORT)), "--no-discovery", "--retry-interval", "2"],
    env: { PAWL_JSON: "false", ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  const serverUrl = String(server["url"]);
  const shop = await children.start({
    path: "examples/shop/src/main.ts",
    args: [],
    env: { PAWL_DEV: serverUrl, PORT: String(await freePort(SHOP_PORT)) },
  });
  await register(String(shop["app"]));
  const isAsExpected = report(await play(serverUrl, String(shop["pictures"])));
  if (isOnce) return end(isAsExpected ? 0 : 1);
  process.stdout.write(`Dashboard: ${serverUrl}   Pictures: examples/shop/output   Ctrl+C ends server and shop.\n`);
  children.onLoss((path) => {
    process.stderr.write(`${path} has ended by itself.\n`);
    void end(1);
  });
}

/** Has the shop register with the server. */
async function register(url: string): Promise<void> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json", "x-inngest-server-kind": "dev" },
    body: "{}",
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The shop could not register: ${text}`);
}

/** Sends events; resolves when their runs have ended. */
async function play(serverUrl: string, pictures: string): Promise<readonly UiRunRow[]> {
  let isDelivered = false;
  const following = followRuns(serverUrl, {
    counts: new Map(Object.entries(EXPECTED).map(([slug, byStatus]) => [slug, total(byStatus)])),
    timeoutMs: RUNS_MS_MAX,
    // The delivery comes while the function waits for it.
    onChange: (run) => {
      if (isDelivered || run.functionSlug !== "shop-follow-delivery" || run.phase !== "waiting") return;
      isDelivered = true;
      void send(serverUrl, [{ name: "shop/order.delivered", data: { orderId: "order-1" } }]);
    },
  });
  await following.ready;
  await send(serverUrl, eventsOf(pictures));
  return following.ended;
}

function eventsOf(pictures: string): readonly unknown[] {
  const imports = [1, 2, 3, 4, 5, 6].map((n) => ({
    name: "shop/product.imported",
    data: { userId: `user-${n % 2}`, imageURLs: [3 * n, 3 * n + 1, 3 * n + 2].map((picture) => `${pictures}/${picture}.jpg`) },
  }));
  return [
    ...imports,
    { name: "shop/order.placed", data: { orderId: "order-1", cartId: "cart-1", total: 59.9 } },
    { name: "shop/order.placed", data: { orderId: "order-2", total: 0 } },
    { name: "shop/cart.filled", data: { cartId: "cart-2" } },
  ];
}

async function send(serverUrl: string, events: readonly unknown[]): Promise<void> {
  const response = await fetch(`${serverUrl}/e/demo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  if (!response.ok) throw new Error(`The server refused the events: ${await response.text()}`);
}

/** Says how the runs ended; returns whether they ended as they should. */
function report(runs: readonly UiRunRow[]): boolean {
  const surprises = Object.entries(EXPECTED).flatMap(([slug, byStatus]) =>
    Object.entries(byStatus)
      .map(([status, count]) => ({
        slug,
        status,
        count,
        got: runs.filter((run) => run.functionSlug === slug && run.status === status).length,
      }))
      .filter(({ count, got }) => got !== count)
      .map(({ count, got, status }) => `${slug}: ${got} instead of ${count} ${status}`),
  );
  const failed = runs.filter(({ status }) => status === "FAILED").length;
  process.stdout.write(
    surprises.length === 0
      ? `\nAll ${runs.length} runs have ended as they should; ${failed} failed on purpose (order-2 has nothing to pay).\n`
      : `\nRuns have ended otherwise than they should: ${surprises.join(", ")}.\n`,
  );
  return surprises.length === 0;
}

function total(byStatus: Readonly<Record<string, number>>): number {
  return Object.values(byStatus).reduce((sum, count) => sum + count, 0);
}

/** The first port from `from` on that is free, together with the next one. */
async function freePort(from: number): Promise<number> {
  for (let port = from; port < from + 100; port += 2) if ((await isFree(port)) && (await isFree(port + 1))) return port;
  throw new Error(`No free port from ${from} to ${from + 100}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** The first signal ends shop and server in order, a later one at once. */
function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!isEnding) return void end(0);
      children.kill();
      process.exit(130);
    });
  }
}

async function end(code: number): Promise<never> {
  isEnding = true;
  await children.stop();
  process.exit(code);
}
