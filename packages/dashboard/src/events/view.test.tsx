// @vitest-environment happy-dom
import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { eventRow, functionItem, T0 } from "../testing/fixtures.ts";
import { effectsOf, eventsSentence } from "./model.ts";

const browser = installBrowser();
const listening = functionItem({ slug: "shop-pay", name: "pay" });

beforeEach(() => {
  history.replaceState(null, "", "/events");
  browser.answers["GET /functions"] = { items: [listening] };
});

test("an event shows its runs, and opens beside the list", async () => {
  const event = eventRow({ runs: [{ id: "r1", functionSlug: "shop-pay", status: "FAILED" }] });
  browser.answers["GET /events"] = { items: [event] };
  browser.answers["GET /events/01EVT"] = event;
  render(<Shell />);
  fireEvent.click(await screen.findByRole("link", { name: "shop/order.created" }));
  const panel = screen.getByRole("complementary", { name: "Event" });
  expect((await within(panel).findByRole("link", { name: "shop-pay" })).getAttribute("href")).toBe("/runs/r1");
  expect(location.search).toBe("?event=01EVT");
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(location.search).toBe("");
});

test("an event that started nothing says why, and what was probably meant", async () => {
  const event = eventRow({ name: "shop/orders.created" });
  browser.answers["GET /events"] = { items: [event] };
  browser.answers["GET /events/01EVT"] = event;
  history.replaceState(null, "", "/events?event=01EVT");
  render(<Shell />);
  const panel = screen.getByRole("complementary", { name: "Event" });
  expect(await within(panel).findByText("No run: no function is triggered by this event.")).toBeDefined();
  expect((await within(panel).findByRole("link", { name: "shop/order.created" })).getAttribute("href")).toBe(
    "/send?name=shop%2Forder.created",
  );
});

test("a function that wasn't started is listed with its reason", async () => {
  const event = eventRow({ outcomes: [{ functionSlug: "shop-pay", reason: "expression-false", detail: "total is 0" }] });
  browser.answers["GET /events"] = { items: [event] };
  browser.answers["GET /events/01EVT"] = event;
  history.replaceState(null, "", "/events?event=01EVT");
  render(<Shell />);
  const panel = screen.getByRole("complementary", { name: "Event" });
  const effects = await within(panel).findByRole("list", { name: "What it did" });
  expect(effects.textContent).toContain("the trigger's expression is false for this event. total is 0");
});

test("a limit says when there is room again; a held event until when; a run in its favour is a link", async () => {
  stopClock(T0);
  const nextAt = T0 + 42_000;
  const event = eventRow({
    outcomes: [
      { functionSlug: "a", reason: "rate-limit", detail: JSON.stringify({ limit: 5, periodMs: 60_000, nextAt }) },
      { functionSlug: "b", reason: "batched", detail: JSON.stringify({ batchId: "x", until: nextAt }) },
      { functionSlug: "c", reason: "singleton", detail: "01J8ZQ4T6V0000000000008F2K" },
    ],
  });
  browser.answers["GET /events"] = { items: [event] };
  browser.answers["GET /events/01EVT"] = event;
  history.replaceState(null, "", "/events?event=01EVT");
  render(<Shell />);
  const [limited, batched, refused] = within(await screen.findByRole("list", { name: "What it did" })).getAllByRole("listitem");
  expect(limited?.textContent).toMatch(/The limit is 5 in 1 min; there is room again in 42 s\./);
  expect(batched?.textContent).toMatch(/^Held.*At the latest in 42 s\./);
  expect(
    within(refused as HTMLElement)
      .getByRole("link", { name: /See the run/ })
      .getAttribute("href"),
  ).toBe("/runs/01J8ZQ4T6V0000000000008F2K");
});

test("a skipped run carries its reason; a hold that led to a run is over", () => {
  const event = eventRow({
    runs: [
      { id: "r1", functionSlug: "a", status: "SKIPPED" },
      { id: "r2", functionSlug: "b", status: "COMPLETED" },
    ],
    outcomes: [
      { functionSlug: "a", reason: "singleton", detail: "01HOLDER" },
      { functionSlug: "b", reason: "batched" },
    ],
  });
  expect(effectsOf(event)).toEqual([
    { functionSlug: "a", phase: "skipped", runId: "r1", reason: "singleton", detail: "01HOLDER" },
    { functionSlug: "b", phase: "completed", runId: "r2" },
  ]);
  expect(eventsSentence([event], false)).toBe("1 event started 1 run.");
});

test("the sentence counts events and the runs they started", () => {
  const started = eventRow({ runs: [{ id: "r", functionSlug: "f", status: "QUEUED" }] });
  expect(eventsSentence([], false)).toBe("No events.");
  expect(eventsSentence([eventRow()], false)).toBe("1 event started no run.");
  expect(eventsSentence([started, eventRow(), eventRow()], true)).toBe("The newest 3 events started 1 run; 2 started none.");
});
