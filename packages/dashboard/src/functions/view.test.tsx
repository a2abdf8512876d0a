// @vitest-environment happy-dom
import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { functionItem, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();

beforeEach(() => history.replaceState(null, "", "/functions/shop-charge-card"));

const panel = (): HTMLElement => screen.getByRole("complementary", { name: "Function shop-charge-card" });

test("a function's options stand there in words", async () => {
  const throttle = { limit: 5, periodMs: 60_000, burst: 0, keyExpression: "event.data.customerId" };
  browser.answers["GET /functions"] = { items: [functionItem({ options: { ...functionItem().options, throttle } })] };
  render(<Shell />);
  const options = within(await screen.findByRole("region", { name: "Options" }));
  expect(options.getByText("Throttle").nextSibling?.textContent).toBe("5 starts in 1 min; others waitfor each event.data.customerId");
});

test("a schedule says when it ticks next", async () => {
  stopClock(T0);
  browser.answers["GET /functions"] = { items: [functionItem({ triggers: [{ cron: "0 6 * * *", nextAt: T0 + 7_200_000 }] })] };
  render(<Shell />);
  expect((await screen.findByRole("region", { name: "Triggers" })).textContent).toMatch(/0 6 \* \* \*schedule, next in 2 h 00 min, /);
});

test("pausing asks how, and each way says what it does", async () => {
  browser.answers["GET /functions"] = { items: [functionItem()] };
  browser.answers["POST /functions/shop-charge-card/pause"] = { ok: true };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Pause…" }));
  const dialog = screen.getByRole("dialog", { name: "Pause charge-card?" });
  expect(within(dialog).getByRole("radio", { name: /Hold New runs wait/ })).toHaveProperty("checked", true);
  fireEvent.click(within(dialog).getByRole("radio", { name: /Drain New events start nothing/ }));
  browser.answers["GET /functions"] = { items: [functionItem({ paused: { mode: "drain", since: T0 } })] };
  fireEvent.click(within(dialog).getByRole("button", { name: "Pause" }));
  const banner = await within(panel()).findByRole("region", { name: "Paused" });
  expect(browser.bodies["POST /functions/shop-charge-card/pause"]).toBe('{"mode":"drain"}');
  expect(banner.textContent).toContain("everything queued or under way goes on to its end");
  expect(screen.getByText("Paused · drain")).toBeDefined();
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("1 function in 1 app, 1 paused.");
});

test("a paused function is resumed; a refusal is said", async () => {
  browser.answers["GET /functions"] = { items: [functionItem({ paused: { mode: "hold", since: T0 } })] };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Resume" }));
  expect((await screen.findByRole("alert")).textContent).toBe("There is no such thing here.");
  browser.answers["POST /functions/shop-charge-card/resume"] = { ok: true };
  browser.answers["GET /functions"] = { items: [functionItem()] };
  fireEvent.click(screen.getByRole("button", { name: "Resume" }));
  expect(await screen.findByRole("button", { name: "Pause…" })).toBeDefined();
});
