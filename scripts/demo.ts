/**
 * `npm run demo`: a server, the example shop, real events, and their runs until they have ended. Then everything stays up to play with;
 * Ctrl+C ends it. `npm run demo -- --once` ends by itself, with exit code 1 if a run ended otherwise than it should.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { buildDashboard } from "./dashboard-build.ts";
import { follow, type FollowedRun } from "./follow-runs.ts";

const root = join(import.meta.dirname, "..");
const isOnce = process.argv.includes("--once");
const children: ChildProcess[] = [];

const SERVER_PORT = 8288;
const SHOP_PORT = 3010;

/** Longest time that the demo's runs may take; they take about ten seconds. */
const RUNS_MS_MAX = 120_000;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop(0));

try {
  await buildDashboard(root);
  const server = await start(
    "packages/cli/src/main.ts",
    ["dev", "--port", String(await freePort(SERVER_PORT)), "--db", ".pawl/demo.db", "--fresh", "--no-discovery", "--retry-interval", "2"],
    {
      PAWL_JSON: "false",
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
    },
  );
  const serverUrl = String(server["url"]);
  const shop = await start("examples/shop/src/main.ts", [], { PAWL_DEV: serverUrl, PORT: String(await freePort(SHOP_PORT)) });
  await register(String(shop["app"]));
  const runs = await play(serverUrl, String(shop["pictures"]));
  report(serverUrl, runs);
  if (isOnce) await stop(runs.every(isExpected) ? 0 : 1);
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}

/** Starts a program of the workspace; resolves with what it says when it is ready. */
function start(path: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const child = fork(join(root, path), args, {
    cwd: root,
    execArgv: ["--conditions=pawl-source", "--disable-warning=ExperimentalWarning"],
    env: { ...process.env, ...env },
    // A group of its own, so that Ctrl+C reaches the demo only, which then ends its children in order.
    detached: true,
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as Readonly<Record<string, unknown>>));
    child.once("exit", (code) => reject(new Error(`${path} ended with code ${code} before it was ready.`)));
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

/** Sends events; resolves when every run has ended. */
async function play(serverUrl: string, pictures: string): Promise<readonly FollowedRun[]> {
  const isDelivered = new Set<string>();
  const following = follow(serverUrl, {
    timeoutMs: RUNS_MS_MAX,
    // The first order that is shipped is delivered; the others are late.
    onRun: (run) => {
      if (run.functionSlug !== "shop-follow-delivery" || isDelivered.size > 0) return;
      isDelivered.add(run.id);
      void send(serverUrl, [{ name: "shop/order.delivered", data: { orderId: "order-1" } }]);
    },
  });
  await following.ready;
  await send(serverUrl, [
    ...[1, 2, 3, 4, 5, 6].map((n) => ({
      name: "shop/product.imported",
      data: { userId: `user-${n % 2}`, imageURLs: [3 * n, 3 * n + 1, 3 * n + 2].map((picture) => `${pictures}/${picture}.jpg`) },
    })),
    { name: "shop/order.placed", data: { orderId: "order-1", cartId: "cart-1", total: 59.9 } },
    { name: "shop/order.placed", data: { orderId: "order-2", total: 0 } },
    { name: "shop/cart.filled", data: { cartId: "cart-2" } },
  ]);
  return following.allEnded;
}

async function send(serverUrl: string, events: readonly unknown[]): Promise<void> {
  const response = await fetch(`${serverUrl}/e/demo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  if (!response.ok) throw new Error(`The server refused the events: ${await response.text()}`);
}

/** Order 2 has nothing to pay and fails; everything else completes. */
function isExpected(run: FollowedRun): boolean {
  return run.status === (run.eventName === "shop/order.placed" && run.isPlannedFailure ? "FAILED" : "COMPLETED");
}

function report(serverUrl: string, runs: readonly FollowedRun[]): void {
  const count = (status: string): number => runs.filter((run) => run.status === status).length;
  process.stdout.write(
    `\nAll ${runs.length} runs have ended: ${count("COMPLETED")} completed, ${count("FAILED")} failed (order-2 has nothing to pay: that is meant).\n`,
  );
  if (isOnce) return;
  process.stdout.write(`Dashboard: ${serverUrl}   Pictures: examples/shop/output   Ctrl+C ends server and shop.\n`);
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

/** Ends the shop, then the server. */
async function stop(code: number): Promise<never> {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  process.exit(code);
}
