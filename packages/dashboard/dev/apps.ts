/** Apps of the mock server and their syncs: each way of being reached, each kind of outcome. */
import type { UiApp, UiSync, UiSyncList } from "@pawl/protocol";

const STARTED = Date.now();
const HOUR_MS = 3_600_000;

export const APPS: readonly UiApp[] = [
  {
    id: "1",
    name: "shop",
    url: "http://localhost:3000/api/pawl",
    sdk: "pawl-js:v0.1.0",
    framework: "next",
    functionCount: 4,
    syncedAt: STARTED - 12_000,
    method: "serve",
    appVersion: "2026-11-25.3",
  },
  {
    id: "2",
    name: "crm",
    url: "http://localhost:4000/api/pawl",
    sdk: "pawl-js:v0.1.0",
    framework: "fastify",
    functionCount: 2,
    syncedAt: STARTED - HOUR_MS,
    error: "unreachable",
    method: "serve",
  },
  {
    id: "3",
    name: "etl",
    url: "ws://connect?app_name=etl",
    sdk: "py:v0.9.2",
    framework: "",
    functionCount: 1,
    syncedAt: STARTED - 24 * HOUR_MS,
    method: "connect",
    appVersion: "v42",
  },
];

const SHOP: Pick<UiSync, "url" | "sdk" | "framework"> = { url: APPS[0]?.url ?? "", sdk: "pawl-js:v0.1.0", framework: "next" };
const NOTHING: UiSync["diff"] = { app: [], added: [], removed: [], changed: [] };

const SYNCS: { readonly [appId: string]: readonly UiSync[] } = {
  "1": [
    {
      ...SHOP,
      id: "s5",
      at: STARTED - 12_000,
      source: "app",
      appVersion: "2026-11-25.3",
      functionCount: 4,
      diff: {
        app: [
          { path: "url", before: '"http://localhost:3001/api/pawl"', after: '"http://localhost:3000/api/pawl"' },
          { path: "appVersion", before: '"2026-11-25.2"', after: '"2026-11-25.3"' },
        ],
        added: ["shop-refund-order", "shop-send-receipt"],
        removed: ["shop-send-mail"],
        changed: [
          {
            slug: "shop-charge-card",
            changes: [
              { path: "attemptsMax", before: "4", after: "5" },
              { path: "throttle.limit", before: "20", after: "50" },
              { path: "throttle.keyExpression", after: '"event.data.customerId"' },
            ],
          },
        ],
      },
    },
    { ...SHOP, id: "s4", at: STARTED - HOUR_MS, source: "server", durationMs: 41, functionCount: 3, diff: NOTHING },
    {
      ...SHOP,
      id: "s3",
      at: STARTED - 2 * HOUR_MS,
      source: "server",
      durationMs: 10_002,
      functionCount: 3,
      error: "status_502",
      diff: NOTHING,
    },
    {
      ...SHOP,
      id: "s2",
      at: STARTED - 5 * HOUR_MS,
      source: "app",
      functionCount: 3,
      error: 'shop-charge-card: the expression "event.data.x ==" of its concurrency ends too early, at character 16',
      diff: NOTHING,
    },
    {
      ...SHOP,
      id: "s1",
      at: STARTED - 30 * HOUR_MS,
      source: "app",
      functionCount: 120,
      diff: { ...NOTHING, added: ["shop-charge-card", "shop-send-mail"], more: { added: 120, removed: 0, changed: 0 } },
    },
  ],
  "2": [
    { ...SHOP, id: "s7", at: STARTED - HOUR_MS, source: "server", durationMs: 3, functionCount: 2, error: "unreachable", diff: NOTHING },
    {
      ...SHOP,
      id: "s6",
      at: STARTED - 3 * HOUR_MS,
      source: "server",
      durationMs: 88,
      functionCount: 2,
      diff: { ...NOTHING, added: ["crm-a", "crm-b"] },
    },
  ],
};

/** The syncs of an app. */
export function syncsOf(appId: string): UiSyncList {
  return { items: SYNCS[appId] ?? [] };
}
