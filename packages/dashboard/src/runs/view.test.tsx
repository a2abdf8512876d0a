// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { functionItem, openRunRow, runRow, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();

test("the runs are a table, with status in words and a link to each run", async () => {
  browser.answers["GET /runs"] = { items: [runRow({ phase: "failed", status: "FAILED" })] };
  render(<Shell />);
  const table = await screen.findByRole("table", { name: "Runs" });
  const row = await within(table).findByRole("row", { name: /charge-card/ });
  expect(within(row).getByText("Failed")).toBeDefined();
  expect(within(row).getByRole("link", { name: "charge-card" }).getAttribute("href")).toBe("/runs/01RUN000000000000000008F2K");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("All of 1 run failed.");
});

test("a changed run is patched in place; a new one waits behind a counter while the list has the focus", async () => {
  browser.answers["GET /runs"] = { items: [openRunRow({ id: "r1" })] };
  render(<Shell />);
  const link = await screen.findByRole("link", { name: "charge-card" });
  act(() => link.focus());
  act(() => browser.emit({ runs: [runRow({ id: "r1", seq: 2 }), runRow({ id: "r2", functionName: "second", queuedAt: T0 + 1, seq: 3 })] }));
  const table = screen.getByRole("table", { name: "Runs" });
  expect(within(table).getByText("Completed")).toBeDefined();
  expect(within(table).queryByText("second")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: /1 new run/ }));
  expect(within(table).getAllByRole("row")[1]?.textContent).toContain("second");
});

test("a new run appears at once while nobody points at the list", async () => {
  browser.answers["GET /runs"] = { items: [runRow({ id: "r1" })] };
  render(<Shell />);
  await screen.findByRole("link", { name: "charge-card" });
  act(() => browser.emit({ runs: [runRow({ id: "r2", functionName: "second", queuedAt: T0 + 1 })] }));
  expect(await screen.findByText("second")).toBeDefined();
});

test("a status filter is in the URL and asks the server", async () => {
  browser.answers["GET /runs"] = { items: [] };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Failed" }));
  expect(location.search).toBe("?status=FAILED");
  expect(await screen.findByText("No run matches the filters.")).toBeDefined();
  expect(browser.requests).toContain("GET /runs?status=FAILED&limit=100");
});

test("without runs, the events that start one are offered", async () => {
  browser.answers["GET /runs"] = { items: [] };
  browser.answers["GET /functions"] = {
    items: [functionItem({ triggers: [{ event: "shop/paid" }] })],
  };
  render(<Shell />);
  expect((await screen.findByRole("link", { name: "Send shop/paid" })).getAttribute("href")).toBe("/send?name=shop%2Fpaid");
});

test("a failing server is named, and trying again works", async () => {
  render(<Shell />);
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("The runs can't be loaded.");
  browser.answers["GET /runs"] = { items: [runRow()] };
  fireEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "charge-card" })).toBeDefined();
});

test("thousands of rows draw a screenful", async () => {
  browser.answers["GET /runs"] = { items: Array.from({ length: 4_000 }, (_, index) => runRow({ id: `r${index}` })) };
  render(<Shell />);
  await screen.findAllByRole("link", { name: "charge-card" });
  expect(screen.getAllByRole("row").length).toBeLessThanOrEqual(60);
});

test("a held run names its holder, a skipped one its reason, a throttled one its time", async () => {
  stopClock(T0);
  const held = { code: "concurrency-limit", text: "All slots are in use.", since: T0, holders: ["01HOLDER", "01OTHER"] } as const;
  const skipped = { code: "singleton", text: "No run: another one is under way.", since: T0 } as const;
  const throttled = { code: "throttle", text: "Held by the throttle.", since: T0, until: T0 + 30_000 } as const;
  browser.answers["GET /runs"] = {
    items: [
      openRunRow({ id: "r1", phase: "held", reason: held }),
      runRow({ id: "r2", phase: "skipped", status: "SKIPPED", reason: skipped }),
      openRunRow({ id: "r3", phase: "held", reason: throttled }),
    ],
  };
  render(<Shell />);
  await screen.findAllByRole("link", { name: "charge-card" });
  const [, first, second, third] = screen.getAllByRole("row");
  expect(
    within(first as HTMLElement)
      .getByRole("link", { name: /01HOLDER/ })
      .getAttribute("href"),
  ).toBe("/runs/01HOLDER");
  expect(second?.textContent).toContain("No run: another one is under way.");
  expect(third?.textContent).toContain("in 30 s");
});

test("the view of failed runs shows what failed, and runs one again in place", async () => {
  browser.answers["GET /runs"] = { items: [runRow({ id: "r1", phase: "failed", status: "FAILED", failure: "CardError: declined" })] };
  browser.answers["POST /runs/r1/rerun"] = { runId: "again" };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("link", { name: "Failed runs" }));
  expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe("1 failed run.");
  expect(screen.getByText("CardError: declined")).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Replay run r1" }));
  fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Replay" }));
  expect((await screen.findByRole("link", { name: /running again as again/ })).getAttribute("href")).toBe("/runs/again");
});
