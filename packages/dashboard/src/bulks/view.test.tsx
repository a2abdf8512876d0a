// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { bulk, functionItem, openRunRow, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();

test("cancelling all asks with the list's filters, counts the runs, and leads to the operation", async () => {
  stopClock(T0);
  browser.answers["GET /functions"] = { items: [functionItem()] };
  browser.answers["GET /runs"] = { items: [openRunRow({ id: "r1" }), openRunRow({ id: "r2" })] };
  browser.answers["POST /bulks"] = bulk();
  browser.answers["GET /bulks"] = { items: [bulk()] };
  history.replaceState(null, "", "/runs?function=shop-charge-card&status=RUNNING");
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Cancel all…" }));
  const dialog = screen.getByRole("dialog", { name: "Cancel many runs?" });
  expect(await within(dialog).findByText("2 runs match now.")).toBeDefined();
  expect(dialog.textContent).toContain("Until then it can be undone without a trace");
  fireEvent.click(within(dialog).getByRole("button", { name: "Cancel them" }));
  const card = await screen.findByRole("listitem", { name: "Cancel runs of shop-charge-card" });
  expect(JSON.parse(browser.bodies["POST /bulks"] ?? "")).toEqual({
    kind: "cancel",
    functionSlug: "shop-charge-card",
    statuses: ["RUNNING"],
  });
  expect(card.textContent).toContain("begins in 10 s");
});

test("without a function nothing can be done", async () => {
  browser.answers["GET /runs"] = { items: [] };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Replay all…" }));
  const dialog = screen.getByRole("dialog", { name: "Run many runs again?" });
  expect(within(dialog).getByText("Choose a function.")).toBeDefined();
  expect(within(dialog).getByRole("button", { name: "Replay them" })).toHaveProperty("disabled", true);
});

test("an operation that has not begun is undone, one that has is stopped", async () => {
  history.replaceState(null, "", "/bulks");
  browser.answers["GET /bulks"] = { items: [bulk({ status: "running", seen: 120, done: 7 }), bulk({ id: "01NEXT" })] };
  browser.answers["DELETE /bulks/01BULK"] = { result: "stopped" };
  browser.answers["DELETE /bulks/01NEXT"] = { result: "undone" };
  render(<Shell />);
  expect(await screen.findByText("120 runs looked at, 7 cancelled")).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(await screen.findByText("Stopped: what was done by then stays.")).toBeDefined();
  browser.answers["GET /bulks"] = { items: [] };
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByText("Undone before it began: no run was touched.")).toBeDefined();
  expect(await screen.findByText("No bulk operations.", { selector: "h2" })).toBeDefined();
});

test("while it is being stopped, an operation says so and can't be stopped again", async () => {
  history.replaceState(null, "", "/bulks");
  browser.answers["GET /bulks"] = { items: [bulk({ status: "running" })] };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Stop" }));
  expect(screen.getByRole("button", { name: "Stopping…" })).toHaveProperty("disabled", true);
  // The server refuses: what it says is shown, and the button is back.
  expect((await screen.findByRole("alert")).textContent).toBe("There is no such thing here.");
  expect(await screen.findByRole("button", { name: "Stop" })).toHaveProperty("disabled", false);
});

test("progress is asked for while there is some, and no longer", async () => {
  vi.useFakeTimers();
  history.replaceState(null, "", "/bulks");
  browser.answers["GET /bulks"] = { items: [bulk({ status: "running" })] };
  render(<Shell />);
  await act(() => vi.advanceTimersByTimeAsync(0));
  browser.answers["GET /bulks"] = { items: [bulk({ status: "ended", seen: 5, done: 2 })] };
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  expect(screen.getByText("5 runs looked at, 2 cancelled")).toBeDefined();
  browser.requests.length = 0;
  await act(() => vi.advanceTimersByTimeAsync(5_000));
  expect(browser.requests).toEqual([]);
});
