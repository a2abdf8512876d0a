/**
 * Takes events in: gives ids, stores them, hands them to the runner.
 *
 * I1  An event is acknowledged only when it is durable.
 * I2  The same internal id twice is the same event: a repeated request stores and starts nothing more.
 *
 * Spec: semantics 1; wire 8.
 */
import type { EventRow, ExpressionEvent, RandomSource } from "@pawl/engine";
import { canonicalJson } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Runner } from "./runner.ts";

/** An event that has passed the checks of the Event API. */
export type NewEvent = {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The sender's id. */
  readonly id?: string;
  /** Milliseconds since the epoch; default: now. */
  readonly ts?: number;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly v?: string;
  readonly meta?: { readonly sessions: Readonly<Record<string, string>> };
  /** Internal id, where the request determines it. */
  readonly internalId?: string;
  /** The span that sent it; see `EventRow`. */
  readonly traceparent?: string;
};

export type IngestOptions = {
  readonly store: Pick<Store, "apply">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly runner: Runner;
};

export class Ingest {
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** Stores events; resolves with their internal ids, in order, when they are durable. */
  async accept(events: readonly NewEvent[]): Promise<readonly string[]> {
    const now = this.#options.clock.now();
    const rows = events.map((event) => this.#rowOf(event, now));
    const stored = this.#options.store.apply({ guards: [], changes: rows.map(({ row }) => ({ kind: "insert-event", event: row })) });
    // Not awaited: what the runner decides is guarded by the stored row, and commits together with it.
    for (const { row, parsed } of rows) void this.#options.runner.push(row, stored, parsed);
    await stored;
    return rows.map(({ row }) => row.id);
  }

  /** Stores an event that the server itself makes. */
  async acceptInternal(row: EventRow): Promise<void> {
    const stored = this.#options.store.apply({ guards: [], changes: [{ kind: "insert-event", event: row }] });
    void this.#options.runner.push(row, stored);
    await stored;
  }

  #rowOf(event: NewEvent, now: number): { readonly row: EventRow; readonly parsed: ExpressionEvent } {
    const id = event.internalId ?? this.#options.random.ulid(now);
    const { name, data, user = {}, v, meta, traceparent } = event;
    const externalId = event.id ?? id;
    const ts = event.ts ?? now;
    const body =
      `{"data":${canonicalJson(data)},"id":${JSON.stringify(externalId)},${meta === undefined ? "" : `"meta":${canonicalJson(meta)},`}` +
      `"name":${JSON.stringify(name)},"ts":${ts},"user":${canonicalJson(user)}${v === undefined ? "" : `,"v":${JSON.stringify(v)}`}}`;
    const row: EventRow = { id, externalId, name, ts, receivedAt: now, body, isInternal: false, isProcessed: false };
    return { row: traceparent === undefined ? row : { ...row, traceparent }, parsed: { name, data, user, id: externalId, ts, v, meta } };
  }
}
