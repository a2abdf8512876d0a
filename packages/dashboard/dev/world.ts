/** The mock server's world: events, the runs they start, and what changed since the last look. Deterministic but for the clock. */
import type { UiChanges, UiEventRow, UiRunRow } from "@pawl/protocol";
import { FUNCTIONS } from "./scripts.ts";
import { rowAt } from "./snapshot.ts";
import type { MockRun } from "./snapshot.ts";

/** Runs kept; older ones are forgotten. */
const RUNS_MAX = 2_000;

const ID_CHARS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export class World {
  readonly runs: MockRun[] = [];
  readonly events: UiEventRow[] = [];
  readonly #rows = new Map<string, string>();
  readonly #random: () => number;
  #eventsReceived = 0;
  seq = 0;

  constructor(seed: number) {
    this.#random = mulberry(seed);
  }

  /** Receives an event and starts the functions that it triggers. */
  receive(name: string, data: Record<string, unknown>, at: number): UiEventRow {
    const matched = FUNCTIONS.filter((fn) => fn.ui.triggers.some((trigger) => trigger.event === name));
    const id = this.#id(at);
    const passing = matched.filter((fn) => fn.ui.triggers[0]?.expression === undefined || Number(data["total"]) > 0);
    const started = passing.map((fn) => ({ fn, id: this.#id(at + 1) }));
    const event: UiEventRow = {
      id,
      name,
      receivedAt: at,
      ts: at,
      data: JSON.stringify(data),
      internal: false,
      runs: started.map((run) => ({ id: run.id, functionSlug: run.fn.ui.slug, status: "QUEUED" })),
      outcomes: matched
        .filter((fn) => !passing.includes(fn))
        .map((fn) => ({
          functionSlug: fn.ui.slug,
          reason: "expression-false" as const,
          detail: `event.data.total > 0, and total is ${String(data["total"])}`,
        })),
    };
    this.events.unshift(event);
    this.#eventsReceived += 1;
    for (const run of started) this.runs.unshift({ ...run, event, queuedAt: at + 2, script: run.fn.script(this.#random, data), seq: 0 });
    this.runs.length = Math.min(this.runs.length, RUNS_MAX);
    this.events.length = Math.min(this.events.length, RUNS_MAX);
    return event;
  }

  /** Starts a run again with the same event. */
  rerun(run: MockRun, at: number): MockRun {
    const data = JSON.parse(run.event.data) as Record<string, unknown>;
    const again: MockRun = {
      id: this.#id(at),
      fn: run.fn,
      event: run.event,
      queuedAt: at,
      script: run.fn.script(this.#random, data),
      rerunOf: run.id,
      seq: 0,
    };
    this.runs.unshift(again);
    return again;
  }

  /** An event as it is now, with the statuses of its runs. */
  eventAt(event: UiEventRow, now: number): UiEventRow {
    return { ...event, runs: event.runs.map((started) => ({ ...started, status: this.#statusOf(started.id, now) ?? started.status })) };
  }

  /** What changed since the last call; undefined for nothing. */
  changes(now: number): UiChanges | undefined {
    const changed: UiRunRow[] = [];
    for (const run of this.runs) {
      const facts = JSON.stringify({ ...rowAt(run, now), seq: 0 });
      if (this.#rows.get(run.id) === facts) continue;
      this.#rows.set(run.id, facts);
      this.seq += 1;
      run.seq = this.seq;
      changed.push(rowAt(run, now));
    }
    const eventsReceived = this.#eventsReceived;
    this.#eventsReceived = 0;
    return changed.length === 0 && eventsReceived === 0 ? undefined : { seq: this.seq, runs: changed, appsChanged: false, eventsReceived };
  }

  /** A believable event of the shop. */
  happen(at: number): void {
    const pick = Math.floor(this.#random() * 100);
    const orderId = `o_${Math.floor(this.#random() * 90_000 + 10_000)}`;
    const customerId = `cust_${Math.floor(this.#random() * 400)}`;
    const items = [
      { sku: "mug-blue", quantity: 2, price: 14.5 },
      { sku: "shirt-m", quantity: 1, price: 29 },
    ];
    if (pick < 34)
      this.receive(
        "shop/order.created",
        { orderId, customerId, total: pick < 3 ? 0 : 129, items, placedAt: new Date(at).toISOString() },
        at,
      );
    else if (pick < 50) this.receive("shop/payment.settled", { orderId, provider: "sepa", cents: 12_900 }, at);
    else if (pick < 62) this.receive("shop/cart.updated", { customerId, items }, at);
    else if (pick < 90)
      this.receive("crm/contact.changed", { account: "acme", contactId: `c_${pick}`, email: "ada@example.com", tags: ["vip", "eu"] }, at);
    else if (pick < 93) this.receive("crm/import.requested", { account: "acme", file: "contacts.csv" }, at);
    else if (pick < 96) this.receive("shop/orders.created", { orderId }, at);
    else this.receive("shop/label.requested", { orderId, carrier: "post" }, at);
  }

  #statusOf(runId: string, now: number): UiRunRow["status"] | undefined {
    const run = this.runs.find((each) => each.id === runId);
    return run === undefined ? undefined : rowAt(run, now).status;
  }

  #id(at: number): string {
    let time = Math.floor(at);
    let head = "";
    for (let digit = 0; digit < 10; digit += 1, time = Math.floor(time / 32)) head = (ID_CHARS[time % 32] ?? "0") + head;
    return head + Array.from({ length: 16 }, () => ID_CHARS[Math.floor(this.#random() * 32)]).join("");
  }
}

/** A small seeded generator. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
