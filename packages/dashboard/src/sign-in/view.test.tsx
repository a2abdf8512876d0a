// @vitest-environment happy-dom
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { setSignedOut } from "../api/session.ts";
import { Shell } from "../shell/shell.tsx";
import { installBrowser } from "../testing/browser.ts";
import { runRow } from "../testing/fixtures.ts";

const browser = installBrowser();
const REFUSED = Response.json({ error: { code: "unauthorized", message: "This server asks for its signing key." } }, { status: 401 });

afterEach(() => setSignedOut(false));

test("a server that asks for its key gets the form, and the page that was open comes after it", async () => {
  browser.answers["GET /runs"] = REFUSED;
  browser.answers["POST /login"] = REFUSED;
  history.replaceState(null, "", "/runs?status=COMPLETED");
  render(<Shell />);
  const field = await screen.findByLabelText("Signing key");
  expect(document.activeElement).toBe(field);
  expect(screen.queryByRole("navigation")).toBeNull();
  expect(screen.getByRole("button", { name: "Sign in" })).toHaveProperty("disabled", true);
  fireEvent.change(field, { target: { value: " wrong " } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByRole("alert")).textContent).toBe("This server asks for its signing key.");
  expect(browser.bodies["POST /login"]).toBe('{"key":"wrong"}');
  browser.answers["POST /login"] = { ok: true };
  browser.answers["GET /runs"] = { items: [runRow()] };
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("table", { name: "Runs" })).toBeDefined();
  expect(location.search).toBe("?status=COMPLETED");
});
