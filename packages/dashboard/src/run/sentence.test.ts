import { expect, test } from "vitest";
import { REASONS } from "@pawl/protocol";
import type { UiRunDetail } from "@pawl/protocol";
import { attempt, openRunRow, runDetail, runRow, span, T0 } from "../testing/fixtures.ts";
import { headlineOf, spanInFocus, summaryOf } from "./sentence.ts";

const NOW = T0 + 5_000;
const failed = span({ id: "charge", name: "charge", status: "failed", attempts: [attempt(), attempt(), attempt()] });
const open = (status: "running" | "waiting" | "retrying", changes: Parameters<typeof span>[0] = {}): ReturnType<typeof span> => {
  const { endedAt: _, ...rest } = span({ status, ...changes });
  return rest;
};

test.each<[string, UiRunDetail]>([
  ["charge-card completed in 2 s.", runDetail()],
  [
    "charge-card failed after 3 attempts in step “charge”.",
    runDetail({ run: runRow({ phase: "failed", status: "FAILED" }), spans: [span(), failed] }),
  ],
  [
    "charge-card failed in its own code.",
    runDetail({ run: runRow({ phase: "failed" }), spans: [span({ kind: "function", status: "failed" })] }),
  ],
  ["charge-card was cancelled after 2 s.", runDetail({ run: runRow({ phase: "cancelled" }) })],
  ["charge-card is running step “load-order”.", runDetail({ run: openRunRow(), spans: [open("running")] })],
  ["charge-card is running 2 steps.", runDetail({ run: openRunRow(), spans: [open("running"), open("running", { id: "b" })] })],
  ["charge-card is running.", runDetail({ run: openRunRow(), spans: [] })],
  [
    "charge-card is waiting until the sleep “nap” ends.",
    runDetail({ run: openRunRow({ phase: "waiting" }), spans: [open("waiting", { kind: "sleep", name: "nap" })] }),
  ],
  [
    "charge-card is waiting for the event shop/paid.",
    runDetail({
      run: openRunRow({ phase: "waiting" }),
      spans: [open("waiting", { kind: "wait-for-event", wait: { eventName: "shop/paid" } })],
    }),
  ],
  [
    "charge-card is waiting for shop-label to finish.",
    runDetail({
      run: openRunRow({ phase: "waiting" }),
      spans: [open("waiting", { kind: "invoke", invoke: { functionSlug: "shop-label" } })],
    }),
  ],
  [
    "charge-card tries step “load-order” again in 12 s.",
    runDetail({
      run: openRunRow({ phase: "retrying" }),
      spans: [open("retrying", { attempts: [attempt({ outcome: "failed", retryAt: NOW + 12_000 })] })],
    }),
  ],
  [
    "charge-card is held: as many steps as the concurrency limit allows are in progress.",
    runDetail({ run: openRunRow({ phase: "held", reason: { code: "concurrency-limit", text: REASONS["concurrency-limit"], since: T0 } }) }),
  ],
  ["charge-card is queued.", runDetail({ run: openRunRow({ phase: "queued" }) })],
])("%s", (sentence, detail) => {
  expect(headlineOf(detail, NOW)).toBe(sentence);
});

test("the failed step is in focus, and the one that is retried", () => {
  expect(spanInFocus(runDetail({ run: runRow({ phase: "failed" }), spans: [span(), failed] }))?.id).toBe("charge");
  expect(spanInFocus(runDetail({ run: openRunRow({ phase: "retrying" }), spans: [open("retrying")] }))?.id).toBe("step-1");
  expect(spanInFocus(runDetail())).toBeUndefined();
});

test("the summary names run, trigger and error", () => {
  const error = { name: "CardError", message: "declined", stack: "CardError: declined\n    at charge (a.ts:1:1)" };
  const text = summaryOf(runDetail({ run: runRow({ phase: "failed", status: "FAILED" }), error }), {
    now: NOW,
    url: "http://localhost/runs/1",
  });
  for (const part of ["01RUN", "shop/order.created", "http://localhost/runs/1", "CardError: declined", "at charge (a.ts:1:1)"])
    expect(text).toContain(part);
});
