// @vitest-environment happy-dom
import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { setSignedOut } from "../api/session.ts";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { apiKey, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();
const DAY_MS = 86_400_000;

beforeEach(() => {
  stopClock(T0);
  history.replaceState(null, "", "/settings/keys");
  browser.answers["GET /access"] = { isKeyNeeded: true, isEventKeyNeeded: true, signingKeys: ["signkey-prod-…1f2e"], eventKeys: ["…9a8b"] };
  browser.answers["GET /keys"] = { items: [] };
});

test("a key is made in the form; its secret is shown until it is put away", async () => {
  const made = apiKey({ name: "ci", scopes: ["events", "read"] });
  browser.answers["POST /keys"] = { key: made, secret: "pawl_01KEY_secret" };
  render(<Shell />);
  expect(await screen.findByText("No API keys yet.")).toBeDefined();
  fireEvent.click(screen.getAllByRole("button", { name: "New key…" })[0] as HTMLElement);
  const dialog = screen.getByRole("dialog", { name: "New API key" });
  const create = within(dialog).getByRole("button", { name: "Make the key" });
  expect(create).toHaveProperty("disabled", true);
  fireEvent.change(within(dialog).getByRole("textbox", { name: "Name" }), { target: { value: "ci" } });
  fireEvent.click(within(dialog).getByRole("checkbox", { name: /^Events/ }));
  fireEvent.change(within(dialog).getByRole("combobox", { name: "Expires" }), { target: { value: "7" } });
  browser.answers["GET /keys"] = { items: [made] };
  fireEvent.click(create);
  const shown = await screen.findByRole("region", { name: "The key ci, shown this once" });
  expect(JSON.parse(browser.bodies["POST /keys"] ?? "")).toEqual({ name: "ci", scopes: ["events", "read"], expiresAt: T0 + 7 * DAY_MS });
  expect(within(shown).getByText("pawl_01KEY_secret")).toBeDefined();
  expect(document.activeElement).toBe(shown);
  expect(await screen.findByRole("rowheader", { name: /^ci/ })).toBeDefined();
  fireEvent.click(within(shown).getByRole("button", { name: "I have it" }));
  expect(screen.queryByText("pawl_01KEY_secret")).toBeNull();
});

test("Enter in the form's field makes the key; a draft that lacks something is not sent", async () => {
  const made = apiKey({ name: "ci" });
  browser.answers["POST /keys"] = { key: made, secret: "pawl_01KEY_secret" };
  render(<Shell />);
  fireEvent.click((await screen.findAllByRole("button", { name: "New key…" }))[0] as HTMLElement);
  const name = screen.getByRole("textbox", { name: "Name" });
  const form = name.closest("form") as HTMLFormElement;
  // What a browser does of Enter in a field, which happy-dom does not.
  fireEvent.submit(form);
  expect(browser.requests).not.toContain("POST /keys");
  fireEvent.change(name, { target: { value: "ci" } });
  fireEvent.submit(form);
  fireEvent.submit(form);
  expect(await screen.findByRole("region", { name: "The key ci, shown this once" })).toBeDefined();
  expect(browser.requests.filter((request) => request === "POST /keys")).toHaveLength(1);
});

test("everything has the other scopes in it", async () => {
  render(<Shell />);
  fireEvent.click((await screen.findAllByRole("button", { name: "New key…" }))[0] as HTMLElement);
  fireEvent.click(screen.getByRole("checkbox", { name: /^Everything/ }));
  for (const name of [/^Events/, /^Read/]) expect(screen.getByRole("checkbox", { name })).toMatchObject({ checked: true, disabled: true });
});

test("a refused key keeps the form, with the reason", async () => {
  render(<Shell />);
  fireEvent.click((await screen.findAllByRole("button", { name: "New key…" }))[0] as HTMLElement);
  fireEvent.change(screen.getByRole("textbox", { name: "Name" }), { target: { value: "ci" } });
  fireEvent.click(screen.getByRole("button", { name: "Make the key" }));
  expect((await screen.findByRole("alert")).textContent).toBe("There is no such thing here.");
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveProperty("value", "ci");
});

test("a line tells what a key may do, when it ends and when it was used; revoking it asks first", async () => {
  const used = apiKey({ lastUsedAt: T0 - 5_000, expiresAt: T0 + DAY_MS });
  browser.answers["GET /keys"] = { items: [apiKey({ id: "2", name: "old", expiresAt: T0 - 1 }), used] };
  browser.answers[`DELETE /keys/${used.id}`] = { ok: true };
  render(<Shell />);
  const line = (await screen.findByRole("rowheader", { name: /grafana/ })).closest("tr") as HTMLElement;
  expect(
    within(line)
      .getAllByRole("cell")
      .map(({ textContent }) => textContent),
  ).toEqual(["Read", "now", "in 1 d", "5 s ago", "Revoke…"]);
  expect(screen.getByRole("row", { name: /old/ }).textContent).toContain("Expired");
  expect(screen.getByRole("row", { name: /old/ }).textContent).toContain("not since the server’s start");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("1 API key in force, 1 expired.");
  fireEvent.click(within(line).getByRole("button", { name: "Revoke grafana…" }));
  const dialog = screen.getByRole("dialog", { name: "Revoke grafana?" });
  expect(dialog.textContent).toContain("It was last used 5 s ago.");
  browser.answers["GET /keys"] = { items: [] };
  fireEvent.click(within(dialog).getByRole("button", { name: "Revoke" }));
  expect(await screen.findByText("grafana is revoked: it opens nothing any more.")).toBeDefined();
  expect(browser.requests).toContain(`DELETE /keys/${used.id}`);
  expect(await screen.findByText("No API keys yet.")).toBeDefined();
});

test("the server's own keys are told by their ends, with how they are replaced", async () => {
  render(<Shell />);
  const own = await screen.findByRole("region", { name: "Keys that the server was started with" });
  expect(own.textContent).toContain("Signing keysignkey-prod-…1f2e");
  expect(own.textContent).toContain("--signing-key-fallback");
});

test("an open server says plainly what keys do there", async () => {
  browser.answers["GET /access"] = { isKeyNeeded: false, isEventKeyNeeded: false, signingKeys: [], eventKeys: [] };
  render(<Shell />);
  const words = await screen.findByRole("region", { name: "This server asks for no keys" });
  expect(words.textContent).toContain("opens nothing more");
  expect(screen.queryByRole("button", { name: "Sign out" })).toBeNull();
});

test("keys that can't be loaded say why", async () => {
  delete browser.answers["GET /keys"];
  render(<Shell />);
  expect((await screen.findByRole("alert")).textContent).toContain("The keys can't be loaded.");
});

test("signing out brings up the form", async () => {
  browser.answers["POST /logout"] = { ok: true };
  render(<Shell />);
  fireEvent.click(await screen.findByRole("button", { name: "Sign out" }));
  expect(await screen.findByRole("heading", { name: "Sign in to Pawl" })).toBeDefined();
  setSignedOut(false);
});
