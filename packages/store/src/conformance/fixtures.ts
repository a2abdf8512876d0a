/** Rows with defaults, so that every member a test sets matters to it. */
import type { AppRow, AttemptRow, EventRow, FunctionRow, ItemRow, PauseRow, RunRow, StepRow } from "@pawl/engine";

type Overrides<T> = Partial<T>;

/** A ULID-shaped id; ids of greater numbers come later. */
export function idOf(n: number): string {
  return `01JD${String(n).padStart(22, "0")}`;
}

export const fixtures: {
  readonly event: (row?: Overrides<EventRow>) => EventRow;
  readonly run: (row?: Overrides<RunRow>) => RunRow;
  readonly step: (row?: Overrides<StepRow>) => StepRow;
  readonly attempt: (row?: Overrides<AttemptRow>) => AttemptRow;
  readonly item: (row?: Overrides<ItemRow>) => ItemRow;
  readonly pause: (row?: Overrides<PauseRow>) => PauseRow;
  readonly app: (row?: Overrides<AppRow>) => AppRow;
  readonly function: (row?: Overrides<FunctionRow>) => FunctionRow;
} = {
  event: (row) => {
    const id = row?.id ?? idOf(1);
    const times = { ts: 1_000, receivedAt: 1_000 };
    return { id, externalId: id, name: "shop/order.placed", ...times, body: '{"data":{}}', isInternal: false, isProcessed: false, ...row };
  },
  run: (row) => ({
    id: idOf(1),
    functionId: "function-a",
    appId: "app-a",
    functionVersion: 1,
    status: "QUEUED",
    version: 1,
    requestVersion: -1,
    eventIds: [idOf(1)],
    eventName: "shop/order.placed",
    queuedAt: 1_000,
    lane: "lane-a",
    score: 1_000,
    stateBytes: 0,
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: false,
    ...row,
  }),
  step: (row) => {
    const runId = row?.runId ?? idOf(1);
    const what = { kind: "run", name: "charge", status: "planned", mode: "wait" } as const;
    return { runId, id: "step-a", ...what, itemId: `${runId}/step/step-a`, attempt: 0, queuedAt: 1_000, ...row };
  },
  attempt: (row) => ({ runId: idOf(1), stepId: "step-a", attempt: 0, startedAt: 1_000, endedAt: 1_001, error: '{"name":"Error"}', ...row }),
  item: (row) => {
    const runId = row?.runId ?? idOf(1);
    const place = { dueAt: 1_000, score: 1_000, lane: "lane-a" };
    return { id: `${runId}/start`, runId, functionId: "function-a", kind: "start", ...place, attempt: 0, attemptsMax: 5, ...row };
  },
  pause: (row) => {
    const runId = row?.runId ?? idOf(1);
    const base = { id: `${runId}/step-a`, runId, kind: row?.kind ?? "event", createdAt: 1_000, expiresAt: 9_000 } as const;
    return base.kind === "event" || base.kind === "cancel" ? { ...base, eventName: "shop/order.paid", ...row } : { ...base, ...row };
  },
  app: (row) => {
    const how = { url: "http://127.0.0.1:3000/api", sdk: "js:v1.0.0", framework: "node", method: "serve" } as const;
    return { id: "app-a", name: "shop", ...how, checksum: "c", createdAt: 1_000, syncedAt: 1_000, ...row };
  },
  function: (row) => ({
    id: "function-a",
    appId: "app-a",
    slug: "shop-charge",
    name: "charge",
    version: 1,
    definition: {
      slug: "shop-charge",
      name: "charge",
      url: "http://127.0.0.1:3000/api?fnId=shop-charge",
      attemptsMax: 5,
      triggers: [{ kind: "event", event: "shop/order.placed" }],
      concurrency: { step: [] },
      cancelOn: [],
      timeouts: {},
    },
    config: "{}",
    createdAt: 1_000,
    ...row,
  }),
};
