// @vitest-environment happy-dom
import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { Shell } from "../shell/shell.tsx";
import { installBrowser } from "../testing/browser.ts";
import { eventRow, functionItem } from "../testing/fixtures.ts";

const browser = installBrowser();

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/send");
});

const type = (label: RegExp, text: string): void => {
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
};

test("a broken payload can't be sent, and the place of the error is said", () => {
  render(<Shell />);
  type(/^Name(?!s)/, "shop/order.created");
  type(/^Data/, '{\n  "a" 1 }');
  expect(screen.getByText(/Line 2, column 7/)).toBeDefined();
  expect(screen.getByRole("button", { name: "Send event" }).hasAttribute("disabled")).toBe(true);
});

test("a sent event shows the runs that it started, and is remembered", async () => {
  browser.answers["POST /events"] = { ids: ["01EVT"] };
  browser.answers["GET /events/01EVT"] = eventRow({ runs: [{ id: "r1", functionSlug: "shop-pay", status: "RUNNING" }] });
  const { unmount } = render(<Shell />);
  type(/^Name(?!s)/, "shop/order.created");
  type(/^Data/, '{ "total": 3 }');
  fireEvent.submit(screen.getByRole("form", { name: "Send event" }));
  const sent = screen.getByRole("region", { name: "Sent" });
  expect((await within(sent).findByRole("link", { name: "shop-pay" })).getAttribute("href")).toBe("/runs/r1");
  unmount();
  render(<Shell />);
  expect(screen.getByLabelText<HTMLTextAreaElement>(/^Data/).value).toBe('{ "total": 3 }');
});

test("the data of the last event with the name fills a blank form", async () => {
  browser.answers["GET /functions"] = {
    items: [functionItem({ triggers: [{ event: "shop/paid" }] })],
  };
  browser.answers["GET /events"] = { items: [eventRow({ name: "shop/paid", data: '{"cents":5}' })] };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "shop/paid" }));
  expect(await screen.findByDisplayValue(/"cents": 5/)).toBeDefined();
});
