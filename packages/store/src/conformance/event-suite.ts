/** The event log: inserts, processing, outcomes, lists. */
import { describe, expect, test } from "vitest";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, conflict, idsOf, openForTest, type OpenStore } from "./harness.ts";

export function describeEvents(open: OpenStore): void {
  describe("events", () => {
    test("an event reads back as it was written", async () => {
      const { store } = await openForTest(open);
      const event = fixtures.event({ externalId: "order-1 ☂ 😀", body: JSON.stringify({ data: { s: "ünï\u0000\u2028😀" } }) });
      await commit(store, [{ kind: "insert-event", event }]);
      expect(await store.history.eventById(event.id)).toEqual(event);
      expect(await store.history.eventById(idOf(9))).toBeUndefined();
    });

    test("the span that sent an event is kept, and absent where there is none", async () => {
      const { store } = await openForTest(open);
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const [sent, bare] = [fixtures.event({ traceparent }), fixtures.event({ id: idOf(2) })];
      await commit(store, [
        { kind: "insert-event", event: sent },
        { kind: "insert-event", event: bare },
        { kind: "insert-run", run: fixtures.run({ eventIds: [sent.id, bare.id] }) },
      ]);
      expect(await store.history.eventsByIds([sent.id, bare.id])).toEqual([sent, bare]);
      expect(await store.history.eventById(bare.id)).not.toHaveProperty("traceparent");
      expect(await store.unprocessedEvents({ limit: 9 })).toEqual([sent, bare]);
      expect(await store.history.listEvents({ includeInternal: true, limit: 9 })).toEqual([bare, sent]);
      expect((await store.history.runDetail(idOf(1)))?.events).toEqual([sent, bare]);
    });

    test("the first of two events with one id wins", async () => {
      const { store } = await openForTest(open);
      await commit(store, [{ kind: "insert-event", event: fixtures.event({ name: "first" }) }]);
      await commit(store, [
        { kind: "mark-event-processed", eventId: idOf(1) },
        { kind: "insert-event", event: fixtures.event({ name: "second" }) },
      ]);
      expect(await store.history.eventById(idOf(1))).toEqual(fixtures.event({ name: "first", isProcessed: true }));
      expect(await store.unprocessedEvents({ limit: 10 })).toEqual([]);
    });

    test("an event is unprocessed until it is marked", async () => {
      const { store } = await openForTest(open);
      const guard = { kind: "event-unprocessed", eventId: idOf(1) } as const;
      await conflict(store, [guard]);
      await commit(store, [{ kind: "insert-event", event: fixtures.event() }]);
      await commit(store, [{ kind: "mark-event-processed", eventId: idOf(1) }], [guard]);
      await conflict(store, [guard]);
    });

    test("unprocessed events come oldest first, up to the limit, without those stored as processed", async () => {
      const { store } = await openForTest(open);
      for (const n of [3, 1, 4, 2]) await commit(store, [{ kind: "insert-event", event: fixtures.event({ id: idOf(n) }) }]);
      await commit(store, [{ kind: "insert-event", event: fixtures.event({ id: idOf(0), isProcessed: true }) }]);
      await commit(store, [{ kind: "mark-event-processed", eventId: idOf(2) }]);
      expect(await store.unprocessedEvents({ limit: 2 })).toEqual([fixtures.event({ id: idOf(1) }), fixtures.event({ id: idOf(3) })]);
      expect(await store.unprocessedEvents({ limit: 1, after: idOf(1) })).toEqual([fixtures.event({ id: idOf(3) })]);
    });

    describeOutcomes(open);
    describeEventLists(open);
  });
}

function describeOutcomes(open: OpenStore): void {
  test("an outcome is kept once for each event, function and reason", async () => {
    const { store } = await openForTest(open);
    const outcome = { eventId: idOf(1), functionId: "function-a", reason: "expression-false", at: 1_000 } as const;
    const other = { ...outcome, reason: "duplicate-event-id", detail: "run 7 ☂" } as const;
    await commit(store, [
      { kind: "insert-event-outcome", outcome },
      { kind: "insert-event-outcome", outcome: { ...outcome, at: 2_000 } },
      { kind: "insert-event-outcome", outcome: other },
      { kind: "insert-event-outcome", outcome: { ...outcome, eventId: idOf(2) } },
    ]);
    expect(await store.history.outcomesOfEvents([idOf(1), idOf(3)])).toEqual([other, outcome]);
  });
}

function describeEventLists(open: OpenStore): void {
  test("lists of events are newest first and paged by id", async () => {
    const { store } = await openForTest(open);
    for (const n of [1, 2, 3, 4, 5]) await commit(store, [{ kind: "insert-event", event: fixtures.event({ id: idOf(n) }) }]);
    const first = await store.history.listEvents({ includeInternal: true, limit: 2 });
    expect(idsOf(first)).toEqual([idOf(5), idOf(4)]);
    const second = await store.history.listEvents({ includeInternal: true, limit: 2, after: idOf(4) });
    expect(idsOf(second)).toEqual([idOf(3), idOf(2)]);
  });

  test("lists of events are filtered by name, origin and time of receipt", async () => {
    const { store } = await openForTest(open);
    const events = [
      fixtures.event({ id: idOf(1), name: "a", receivedAt: 10 }),
      fixtures.event({ id: idOf(2), name: "b", receivedAt: 20 }),
      fixtures.event({ id: idOf(3), name: "inngest/function.finished", isInternal: true, receivedAt: 30 }),
      fixtures.event({ id: idOf(4), name: "c", receivedAt: 40 }),
    ];
    await commit(
      store,
      events.map((event) => ({ kind: "insert-event", event })),
    );
    const list = async (query: object): Promise<readonly string[]> =>
      idsOf(await store.history.listEvents({ includeInternal: false, limit: 10, ...query }));
    expect(await list({})).toEqual([idOf(4), idOf(2), idOf(1)]);
    expect(await list({ names: ["b"] })).toEqual([idOf(2)]);
    expect(await list({ names: ["a", "c"] })).toEqual([idOf(4), idOf(1)]);
    expect(await list({ names: [] })).toEqual([]);
    expect(await list({ receivedFrom: 20, receivedUntil: 40, includeInternal: true })).toEqual([idOf(3), idOf(2)]);
    const count = (query: object): Promise<number> => store.history.countEvents({ includeInternal: false, max: 10, ...query });
    expect(await count({})).toBe(3);
    expect(await count({ names: ["b"] })).toBe(1);
    expect(await count({ names: ["a", "c"] })).toBe(2);
    expect(await count({ names: [] })).toBe(0);
    expect(await count({ receivedFrom: 20, receivedUntil: 40, includeInternal: true })).toBe(2);
    expect(await count({ includeInternal: true, max: 3 })).toBe(3);
  });
}
