/**
 * Takes in the spans of users' code.
 *
 * I1  A span belongs to the run whose trace it refers to; one that refers to none, or to another run's, is rejected, and the others are
 *     kept. One without a parent hangs below the call that it refers to.
 * I2  A run has at most `SPANS_MAX` of them and `SPAN_BYTES_MAX` bytes; what would exceed that is rejected.
 *
 * Spec: wire 13.2, M-136.
 */
import { createHash } from "node:crypto";
import type { Change, UserSpan } from "@pawl/engine";
import { isUlid } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import { given, textOf } from "../json.ts";
import type { Clock } from "../ports/clock.ts";
import type { OtlpSpan } from "./otlp.ts";
import { runIds } from "./span-ids.ts";

/** How many were not taken, and why, for people. */
export type Rejected = { readonly count: number; readonly reason: string };

/** Of one run. */
const SPANS_MAX = 2_000;
const SPAN_BYTES_MAX: number = 1024 * 1024;

const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const STATUSES = ["unset", "ok", "error"] as const;

/** What SDKs add so that the server finds the run; people don't care. */
const OURS = /^(?:inngest\.(?:traceparent|traceref|step\.parentSpanId)|sdk\.(?:app|run)\.id|sys\.(?:app|function)\.id)$/;

export type UserSpansOptions = { readonly store: Pick<Store, "apply" | "history">; readonly clock: Clock };

export class UserSpans {
  readonly #options: UserSpansOptions;
  /** Requests are taken one after the other, so that two at a time are not both measured against what there was before (I2). */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: UserSpansOptions) {
    this.#options = options;
  }

  /** Stores what belongs to runs. Rejects only when the store does. */
  add(spans: readonly OtlpSpan[]): Promise<Rejected> {
    const adding = this.#last.then(() => this.#add(spans));
    this.#last = adding.catch(() => {});
    return adding;
  }

  async #add(spans: readonly OtlpSpan[]): Promise<Rejected> {
    const { store, clock } = this.#options;
    const byRun = new Map<string, UserSpan[]>();
    let count = 0;
    for (const span of spans) {
      const runId = runOf(span);
      if (runId === undefined) count += 1;
      else byRun.set(runId, [...(byRun.get(runId) ?? []), userSpan(span)]);
    }
    const known = new Set((await store.history.runsByIds([...byRun.keys()])).map(({ id }) => id));
    const changes: Change[] = [];
    let isOver = false;
    for (const [runId, list] of byRun) {
      const text = JSON.stringify(list);
      const isTooMuch = known.has(runId) && !(await this.#fits(runId, { count: list.length, text }));
      isOver ||= isTooMuch;
      if (isTooMuch || !known.has(runId)) count += list.length;
      else changes.push({ kind: "insert-spans", batch: { runId, id: hashOf(text), spans: text, receivedAt: clock.now() } });
    }
    if (changes.length > 0) await store.apply({ guards: [], changes });
    return { count, reason: reasonOf(count, isOver) };
  }

  async #fits(runId: string, added: { readonly count: number; readonly text: string }): Promise<boolean> {
    const rows = await this.#options.store.history.spansOfRun(runId);
    const bytes = rows.reduce((sum, { spans }) => sum + Buffer.byteLength(spans), Buffer.byteLength(added.text));
    if (bytes > SPAN_BYTES_MAX) return false;
    const count = rows.reduce((sum, { spans }) => sum + (JSON.parse(spans) as readonly unknown[]).length, added.count);
    return count <= SPANS_MAX;
  }
}

/** Keeps I1. */
function runOf({ spanId, attributes, startedAt, endedAt }: OtlpSpan): string | undefined {
  const runId = textOf(attributes["sdk.run.id"]).toUpperCase();
  if (!isUlid(runId) || !/^[0-9a-f]{16}$/.test(spanId) || !(startedAt > 0 && endedAt >= startedAt)) return undefined;
  // The span's own trace may be the app's.
  return textOf(attributes["inngest.traceref"]).includes(runIds(runId).traceId) ? runId : undefined;
}

function userSpan(span: OtlpSpan): UserSpan {
  const { spanId, parentSpanId, name, kind, startedAt, endedAt, statusCode, statusMessage, scope, attributes } = span;
  const stepId = textOf(attributes["inngest.step.hash"]);
  return {
    id: spanId,
    name,
    kind: KINDS[kind] ?? "internal",
    startedAt,
    endedAt,
    status: STATUSES[statusCode] ?? "unset",
    attributes: Object.fromEntries(Object.entries(attributes).filter(([key]) => !OURS.test(key))),
    ...given("parentId", parentSpanId === "" ? callOf(span) : parentSpanId),
    ...given("stepId", stepId === "" ? undefined : stepId),
    ...given("statusMessage", statusMessage === "" ? undefined : statusMessage),
    ...given("scope", scope === "" ? undefined : scope),
  };
}

/** The span that the call gave its app as parent. */
function callOf({ attributes }: OtlpSpan): string | undefined {
  return /^00-[0-9a-f]{32}-([0-9a-f]{16})-/.exec(textOf(attributes["inngest.traceparent"]))?.[1];
}

function reasonOf(count: number, isOver: boolean): string {
  if (count === 0) return "";
  if (isOver) return `A run has at most ${SPANS_MAX} spans of users' code, and ${SPAN_BYTES_MAX / 1024} KiB of them.`;
  return "Spans need sdk.run.id of a run that is stored, and the inngest.traceref of one of its calls.";
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
