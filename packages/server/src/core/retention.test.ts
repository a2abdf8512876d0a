import type { ChangeSet } from "@pawl/engine";
import { openMemoryStore } from "@pawl/store-memory";
import { fixtures, idOf } from "@pawl/store/conformance";
import { expect, test } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { ManualClock, settled, START } from "../ports/manual-clock.fixture.ts";
import { Retention } from "./retention.ts";

const DAY = 86_400_000;

test("what is old goes little by little; what lives, or is held by a debounce, stays", async () => {
  const store = openMemoryStore();
  const clock = new ManualClock();
  const changes: ChangeSet["changes"][number][] = [];
  for (let n = 0; n < 450; n++) {
    const id = idOf(n);
    changes.push({ kind: "insert-event", event: fixtures.event({ id, receivedAt: START - 9 * DAY, isProcessed: true }) });
    changes.push({ kind: "insert-run", run: fixtures.run({ id, eventIds: [id], status: "COMPLETED", endedAt: START - 9 * DAY }) });
  }
  const held = fixtures.event({ id: idOf(900), receivedAt: START - 9 * DAY, isProcessed: true });
  changes.push({ kind: "insert-event", event: held }, { kind: "insert-run", run: fixtures.run({ id: idOf(901), eventIds: [] }) });
  const state = JSON.stringify({ eventId: held.id, eventName: "a", ts: 1, firstAt: 1 });
  changes.push({ kind: "put-cell", cell: { key: "debounce|f", kind: "debounce", functionId: "f", state, version: 1 } });
  await store.apply({ guards: [], changes });
  const retention = new Retention({ store, clock, logger: silentLogger, runsMs: 7 * DAY, eventsMs: 7 * DAY });
  retention.start();
  for (let step = 0; step < 20; step++) {
    await clock.advance(step === 0 ? 600_000 : 50);
    await settled();
  }
  expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 999 })).toBe(1);
  expect((await store.history.listEvents({ includeInternal: true, limit: 999 })).map(({ id }) => id)).toEqual([held.id]);
  await retention.stop();
});
