// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { UiRunDetail } from "@pawl/protocol";
import { Shell } from "../shell/shell.tsx";
import { installBrowser } from "../testing/browser.ts";
import { attempt, openRunRow, runDetail, runRow, span, T0 } from "../testing/fixtures.ts";

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
