/** Fixtures for the dashboard's tests: each has defaults, so that what a test sets is what it is about. */
import type {
  UiApiKey,
  UiApp,
  UiAttempt,
  UiBulk,
  UiEventRow,
  UiFunction,
  UiRunDetail,
  UiRunRow,
  UiSpan,
  UiSync,
  UiWorker,
} from "@pawl/protocol";

/** The instant at which the fixtures' world begins. */
export const T0 = 1_800_000_000_000;

/** A completed run of two seconds. */
export function runRow(changes: Partial<UiRunRow> = {}): UiRunRow {
  return {
    id: "01RUN000000000000000008F2K",
    functionSlug: "shop-charge-card",
    functionName: "charge-card",
    appName: "shop",
    functionVersion: 1,
    status: "COMPLETED",
    phase: "completed",
    eventId: "01EVT",
    eventName: "shop/order.created",
    eventCount: 1,
    queuedAt: T0,
    startedAt: T0,
    endedAt: T0 + 2_000,
    stepsDone: 1,
    seq: 1,
    ...changes,
  };
}

/** A run that is going on: no end, and what else is given. */
export function openRunRow(changes: Partial<UiRunRow> = {}): UiRunRow {
  const { endedAt: _, ...open } = runRow({ status: "RUNNING", phase: "running" });
  return { ...open, ...changes };
}

/** A call that took a second and succeeded. */
export function attempt(changes: Partial<UiAttempt> = {}): UiAttempt {
  return { attempt: 0, startedAt: T0, endedAt: T0 + 1_000, outcome: "completed", httpStatus: 206, ...changes };
}

/** A completed step of one second. */
export function span(changes: Partial<UiSpan> = {}): UiSpan {
  return {
    id: "step-1",
    kind: "run",
    name: "load-order",
    status: "completed",
    queuedAt: T0,
    startedAt: T0,
    endedAt: T0 + 1_000,
    attempts: [attempt()],
    ...changes,
  };
}

/** An event that started nothing. */
export function eventRow(changes: Partial<UiEventRow> = {}): UiEventRow {
  return {
    id: "01EVT",
    name: "shop/order.created",
    receivedAt: T0,
    ts: T0,
    data: '{"orderId":"o_1"}',
    internal: false,
    runs: [],
    ...changes,
  };
}

/** A function that an event starts and that asks for nothing. */
export function functionItem(changes: Partial<UiFunction> = {}): UiFunction {
  return {
    id: "fn-1",
    slug: "shop-charge-card",
    name: "charge-card",
    appName: "shop",
    version: 1,
    triggers: [{ event: "shop/order.created" }],
    options: { attemptsMax: 5, concurrency: { step: [] }, cancelOn: [], timeouts: {} },
    config: "{}",
    ...changes,
  };
}

/** An app with one function that is called at its URL. */
export function app(changes: Partial<UiApp> = {}): UiApp {
  return {
    id: "1",
    name: "shop",
    url: "http://localhost:3000/api/pawl",
    sdk: "pawl-js:v0.1.0",
    framework: "",
    functionCount: 1,
    syncedAt: T0,
    method: "serve",
    ...changes,
  };
}

/** The sync with which an app came, by itself, with one function. */
export function sync(changes: Partial<UiSync> = {}): UiSync {
  return {
    id: "sync-1",
    at: T0,
    source: "app",
    url: "http://localhost:3000/api/pawl",
    sdk: "pawl-js:v0.1.0",
    framework: "",
    functionCount: 1,
    diff: { app: [], added: ["shop-charge-card"], removed: [], changed: [] },
    ...changes,
  };
}

/** A cancellation that begins in ten seconds. */
export function bulk(changes: Partial<UiBulk> = {}): UiBulk {
  return {
    id: "01BULK",
    kind: "cancel",
    functionSlug: "shop-charge-card",
    until: T0,
    statuses: ["QUEUED", "RUNNING"],
    perSecond: 10,
    createdAt: T0,
    beginsAt: T0 + 10_000,
    status: "scheduled",
    seen: 0,
    done: 0,
    ...changes,
  };
}

/** A key that reads, and does not end. */
export function apiKey(changes: Partial<UiApiKey> = {}): UiApiKey {
  return { id: "01KEY0000000000000000009QX", name: "grafana", scopes: ["read"], createdAt: T0, ...changes };
}

/** A worker of one app that takes calls and has none. */
export function worker(changes: Partial<UiWorker> = {}): UiWorker {
  return {
    id: "01WORKER000000000000000001",
    instanceId: "pod-1",
    status: "ready",
    apps: [{ name: "shop", version: "v7", isRegistered: true, functionSlugs: ["shop-charge-card"] }],
    sdk: "js:v4.24.0",
    capacity: 10,
    inUse: 0,
    connectedAt: T0,
    heardAt: T0,
    ...changes,
  };
}

/** The page of a run with one step. */
export function runDetail(changes: Partial<UiRunDetail> = {}): UiRunDetail {
  return { run: runRow(), events: [eventRow()], spans: [span()], childRuns: [], canCancel: false, ...changes };
}
