// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { openRunRow, T0, worker } from "../testing/fixtures.ts";

const browser = installBrowser();

beforeEach(() => history.replaceState(null, "", "/workers"));

test("each app has a table of its workers, or says that its runs wait", async () => {
  stopClock(T0);
  const draining = worker({ id: "2", instanceId: "pod-0", status: "draining", inUse: 3, connectedAt: T0 - 60_000, heardAt: T0 - 4_000 });
  browser.answers["GET /workers"] = { items: [worker(), draining], total: 2, appsWithout: ["mail"], left: [] };
  render(<Shell />);
  const table = await screen.findByRole("table", { name: "Workers of shop" });
  const line = within(table).getByRole("row", { name: /pod-0/ });
  expect(
    within(line)
      .getAllByRole("cell")
      .map(({ textContent }) => textContent),
  ).toEqual(["Draining", "3 of 10", "v7", "js v4.24.0", "shop-charge-card", "1 min ago", "4 s ago"]);
  expect(screen.getByRole("region", { name: "Workers of shop" }).textContent).toContain("2 workers, 1 of them ready · 0 of 10 calls");
  expect(within(screen.getByRole("region", { name: "Workers of mail" })).getByText(/No worker is connected/)).toBeDefined();
});

test("a worker that is full, silent or of another version says so, and lists its functions", async () => {
  stopClock(T0);
  const apps = [{ name: "shop", isRegistered: false, functionSlugs: ["shop-a", "shop-b"] }];
  browser.answers["GET /workers"] = { items: [worker({ apps, inUse: 10, heardAt: T0 - 40_000 })], total: 1, appsWithout: [], left: [] };
  render(<Shell />);
  const line = within(await screen.findByRole("row", { name: /pod-1/ }));
  expect(line.getByText("10 of 10, full")).toBeDefined();
  expect(line.getByText(/silent/).textContent).toBe("silent, 40 s ago");
  expect(line.getByText("not the registered one")).toBeDefined();
  fireEvent.click(line.getByText("2 functions"));
  expect(line.getByRole("link", { name: "shop-b" }).getAttribute("href")).toBe("/functions/shop-b");
});

test("without workers the page says what they are and how one connects", async () => {
  browser.answers["GET /workers"] = { items: [], total: 0, appsWithout: [], left: [] };
  render(<Shell />);
  expect(await screen.findByText("No workers are connected.", { selector: "h1" })).toBeDefined();
  expect(screen.getByRole("region", { name: "Connect a worker" }).textContent).toContain("pawl/connect");
});

test("workers are asked for again when they come, while runs change, and as often as they show themselves", async () => {
  vi.useFakeTimers();
  browser.answers["GET /workers"] = { items: [worker()], total: 1, appsWithout: [], left: [] };
  render(<Shell />);
  await act(() => vi.advanceTimersByTimeAsync(0));
  const asked = async (ms: number): Promise<number> => {
    browser.requests.length = 0;
    await act(() => vi.advanceTimersByTimeAsync(ms));
    return browser.requests.filter((request) => request === "GET /workers").length;
  };
  browser.emit({ appsChanged: true });
  expect(await asked(0)).toBe(0);
  browser.requests.length = 0;
  browser.emit({ appsChanged: true });
  expect(browser.requests).toEqual(["GET /workers"]);
  for (let count = 0; count < 3; count++) browser.emit({ runs: [openRunRow()] });
  expect(await asked(999)).toBe(0);
  expect(await asked(1)).toBe(1);
  expect(await asked(10_000)).toBe(1);
});

test("a list that is cut says so", async () => {
  browser.answers["GET /workers"] = { items: [worker()], total: 300, appsWithout: [], left: [] };
  render(<Shell />);
  expect(await screen.findByText(/Shown are the 1 worker that came last, of 300/)).toBeDefined();
});

test("workers that left are below, with the reason and how long they were there", async () => {
  stopClock(T0);
  const gone = {
    id: "9",
    instanceId: "pod-9",
    sdk: "js:v4.24.0",
    connectedAt: T0 - 3_600_000,
    heardAt: T0 - 90_000,
    appNames: ["shop", "crm"],
  };
  const left = [
    { ...gone, leftAt: T0 - 60_000, reason: "silent" },
    { ...gone, id: "8", instanceId: "pod-8", leftAt: T0 - 120_000, reason: "shutdown" },
  ];
  browser.answers["GET /workers"] = { items: [worker()], total: 1, appsWithout: [], left };
  render(<Shell />);
  const table = await screen.findByRole("table", { name: "Workers that left" });
  const cells = (name: RegExp) =>
    within(within(table).getByRole("row", { name }))
      .getAllByRole("cell")
      .map(({ textContent }) => textContent);
  expect(cells(/pod-9/)).toEqual(["shop, crm", "Silent for 50 s", "1 min ago", "59 min 00 s"]);
  expect(cells(/pod-8/).slice(1, 2)).toEqual(["Shut down"]);
});
