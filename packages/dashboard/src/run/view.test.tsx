// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { UiRunDetail } from "@pawl/protocol";
import { Shell } from "../shell/shell.tsx";
import { installBrowser } from "../testing/browser.ts";
import { attempt, eventRow, openRunRow, runDetail, runRow, span, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();
const error = { name: "CardError", message: "card declined", stack: "CardError: card declined\n    at charge (src/a.ts:1:1)" };
const failedStep = span({
  id: "charge",
  name: "charge",
  status: "failed",
  input: '{"amount":129}',
  error,
  attempts: [attempt({ outcome: "failed", error }), attempt({ attempt: 1, outcome: "failed", error })],
});

function show(detail: UiRunDetail): void {
  browser.answers[`GET /runs/${detail.run.id}`] = detail;
  render(<Shell />);
}

beforeEach(() => history.replaceState(null, "", `/runs/${runRow().id}`));

test("a failed run opens with the answer and the step that failed", async () => {
  show(runDetail({ run: runRow({ phase: "failed", status: "FAILED" }), spans: [span(), failedStep], error }));
  expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe("charge-card failed after 2 attempts in step “charge”.");
  const panel = screen.getByRole("complementary", { name: "Step charge" });
  expect(within(panel).getAllByText("card declined", { selector: ".error-message" })).toHaveLength(3);
  expect(within(panel).getByRole("tree", { name: "Input" })).toBeDefined();
  expect(within(within(panel).getByRole("region", { name: "Attempts" })).getAllByRole("listitem")).toHaveLength(2);
});

test("steps are tree items named with their status, and are chosen by keyboard", async () => {
  show(runDetail({ spans: [span({ output: '{"ok":true}' })] }));
  const item = await screen.findByRole("treeitem", { name: "load-order, completed, ran 1 s" });
  fireEvent.keyDown(item, { key: "Enter" });
  expect(location.search).toBe("?step=step-1");
  expect(screen.getByRole("complementary", { name: "Step load-order" })).toBeDefined();
  expect(item.getAttribute("aria-selected")).toBe("true");
});

test("a run that stands still says why, in the words of the protocol", async () => {
  const reason = { code: "waiting-for-event", text: "Waiting for shop/paid.", since: T0 } as const;
  const { endedAt: _, ...waiting } = span({
    kind: "wait-for-event",
    name: "await-payment",
    status: "waiting",
    attempts: [],
    reason,
    wait: { eventName: "shop/paid" },
  });
  show(runDetail({ run: openRunRow({ phase: "waiting", reason }), spans: [waiting], canCancel: true }));
  const banner = await screen.findByRole("region", { name: "Why this run isn't moving" });
  expect(banner.textContent).toContain("Waiting for a matching event, or for the timeout.");
  expect(within(banner).getByRole("link", { name: "Send a matching event" }).getAttribute("href")).toBe("/send?name=shop%2Fpaid");
});

test("the page follows the run by the stream", async () => {
  show(runDetail({ run: openRunRow(), spans: [] }));
  await screen.findByText("charge-card is running.");
  browser.answers[`GET /runs/${runRow().id}`] = runDetail({ run: runRow({ seq: 2 }) });
  act(() => browser.emit({ runs: [runRow({ seq: 2 })] }));
  expect(await screen.findByText("charge-card completed in 2 s.")).toBeDefined();
});

test("cancelling asks first", async () => {
  browser.answers[`POST /runs/${runRow().id}/cancel`] = { ok: true };
  show(runDetail({ run: openRunRow(), canCancel: true }));
  fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(browser.requests.some((request) => request.startsWith("POST"))).toBe(false);
  const dialog = screen.getByRole("dialog", { name: "Cancel this run?" });
  fireEvent.click(within(dialog).getByRole("button", { name: "Cancel the run" }));
  await act(async () => {});
  expect(browser.requests).toContain(`POST /runs/${runRow().id}/cancel`);
});

test("a rerun leads to the new run; a refused one says why", async () => {
  show(runDetail());
  fireEvent.click(await screen.findByRole("button", { name: "Rerun" }));
  const verb = (): HTMLElement => within(screen.getByRole("dialog")).getByRole("button", { name: "Rerun" });
  fireEvent.click(verb());
  expect((await screen.findByRole("alert")).textContent).toBe("There is no such thing here.");
  browser.answers[`POST /runs/${runRow().id}/rerun`] = { runId: "again" };
  fireEvent.click(verb());
  expect(await screen.findByText("This run isn't here.")).toBeDefined();
  expect(location.pathname).toBe("/runs/again");
});

test("a held run links those that hold its slot, and says since when", async () => {
  const reason = { code: "concurrency-limit", text: "Held by the concurrency limit.", since: T0, holders: ["01HOLDER"] } as const;
  show(runDetail({ run: openRunRow({ phase: "held", reason }), spans: [], canCancel: true }));
  const banner = await screen.findByRole("region", { name: "Why this run isn't moving" });
  expect(
    within(banner)
      .getByRole("link", { name: /01HOLDER/ })
      .getAttribute("href"),
  ).toBe("/runs/01HOLDER");
  expect(within(banner).getByRole("heading").textContent).toMatch(/^Held for /);
});

test("a skipped run says why in its headline and its banner", async () => {
  const reason = { code: "function-paused", text: "No run: the function is paused and drops new events.", since: T0 } as const;
  show(runDetail({ run: runRow({ status: "SKIPPED", phase: "skipped", reason }), spans: [] }));
  expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe(
    "charge-card was skipped: the function is paused and drops new events.",
  );
  const banner = screen.getByRole("region", { name: "Why this run isn't moving" });
  expect(within(banner).getByRole("link", { name: "Resume the function" }).getAttribute("href")).toBe("/functions/shop-charge-card");
});

test("a step is run again from, with other arguments", async () => {
  history.replaceState(null, "", `/runs/${runRow().id}?step=step-1`);
  browser.answers[`POST /runs/${runRow().id}/rerun`] = { runId: "again" };
  show(runDetail({ spans: [span({ input: '[{"amount":129}]' })] }));
  fireEvent.click(await screen.findByRole("button", { name: "Run again from this step…" }));
  const dialog = screen.getByRole("dialog", { name: "Run again from “load-order”?" });
  const field = within(dialog).getByRole("textbox", { name: /Arguments/ });
  expect(field).toHaveProperty("value", '[\n  {\n    "amount": 129\n  }\n]');
  const verb = within(dialog).getByRole("button", { name: "Run again" });
  fireEvent.change(field, { target: { value: "{" } });
  expect(verb).toHaveProperty("disabled", true);
  fireEvent.change(field, { target: { value: '[{"amount":1}]' } });
  fireEvent.click(verb);
  expect(await screen.findByText("This run isn't here.")).toBeDefined();
  expect(JSON.parse(browser.bodies[`POST /runs/${runRow().id}/rerun`] ?? "")).toEqual({
    fromStep: { stepId: "step-1", input: [{ amount: 1 }] },
  });
});

test("a batch lists all its events, and draws the data of those that are opened", async () => {
  const events = Array.from({ length: 25 }, (_, index) => eventRow({ id: `e${index}`, data: `{"n":${index}}` }));
  show(runDetail({ run: runRow({ eventCount: 25 }), events }));
  const batch = await screen.findByRole("region", { name: "Events of the batch" });
  expect(within(batch).getAllByRole("listitem")).toHaveLength(20);
  fireEvent.click(within(batch).getByRole("button", { name: "Show all 25" }));
  expect(within(batch).getByRole("link", { name: "Open the event e24" }).getAttribute("href")).toBe("/events?event=e24");
  expect(within(batch).getAllByRole("tree")).toHaveLength(1);
});

test("where a run came from and what was noted about it stands on its page", async () => {
  const metadata = [
    { stepId: "", kind: "inngest.score", values: '{"quality":{"value":0.5}}', updatedAt: T0 },
    { stepId: "", kind: "userland.default", values: '{"rows":3}', updatedAt: T0 },
  ];
  const defers = [{ functionSlug: "shop-tidy", status: "rejected", reason: "per_run_count" }] as const;
  show(runDetail({ cron: "0 6 * * *", sessions: [["chat", "c_1"]], metadata, defers }));
  expect((await screen.findByText("Schedule")).nextSibling?.textContent).toBe("0 6 * * *");
  expect(screen.getByText("Sessions").nextSibling?.textContent).toBe("chat=c_1");
  expect(screen.getByRole("region", { name: "Scores and experiments" }).textContent).toContain("quality0.5");
  expect(screen.getByRole("tree", { name: "Metadata default" })).toBeDefined();
  expect(screen.getByRole("region", { name: "Deferred functions" }).textContent).toContain(
    "refused: the run has deferred too many functions",
  );
});
