// @vitest-environment happy-dom
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { UiApp, UiSync } from "@pawl/protocol";
import { Shell } from "../shell/shell.tsx";
import { installBrowser, stopClock } from "../testing/browser.ts";
import { app, sync, T0 } from "../testing/fixtures.ts";

const browser = installBrowser();

beforeEach(() => stopClock(T0 + 60_000));

function open(apps: readonly UiApp[], syncs: readonly UiSync[] = [sync()], path = "/apps/1"): void {
  browser.answers["GET /apps"] = { items: apps };
  browser.answers["GET /apps/1/syncs"] = { items: syncs };
  history.replaceState(null, "", path);
  render(<Shell />);
}

const panel = (name = "App shop"): Promise<HTMLElement> => screen.findByRole("complementary", { name });
const syncLines = async (): Promise<readonly HTMLElement[]> => {
  const list = await within(await panel()).findByRole("list", { name: "Syncs, newest first" });
  return [...list.children] as HTMLElement[];
};
const problem = (url: string, code: string): Response =>
  Response.json({ error: { code: "app-sync-failed", message: `The app at ${url} could not be synced: ${code}` } }, { status: 422 });

test("an app says where it is served: at its address, or by workers", async () => {
  open([app(), app({ id: "2", name: "etl", url: "ws://connect?app_name=etl", method: "connect" })], [], "/apps");
  const [shop, etl] = within(await screen.findByRole("list", { name: "Apps" })).getAllByRole("listitem");
  expect(shop?.textContent).toContain("http://localhost:3000/api/pawl");
  expect(etl?.textContent).toContain("served by workers");
  expect(
    within(etl as HTMLElement)
      .getByRole("link", { name: "workers" })
      .getAttribute("href"),
  ).toBe("/workers");
});

test("an app that fails comes first, with the cause and what to do", async () => {
  open([app(), app({ id: "2", name: "crm", error: "unreachable" })], [], "/apps");
  const [first] = within(await screen.findByRole("list", { name: "Apps" })).getAllByRole("listitem");
  expect(first?.textContent).toMatch(/Failing.*crm.*Nothing answers at this URL\. Check that the app is running/);
});

test("an app's panel opens from the list, keeps the focus there, and closes by Escape", async () => {
  open([app()], [sync()], "/apps");
  const link = await screen.findByRole("link", { name: "shop" });
  link.focus();
  fireEvent.click(link);
  expect(within(await panel()).getByRole("heading", { name: "shop" })).toBeDefined();
  expect([location.pathname, document.activeElement]).toEqual(["/apps/1", link]);
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(screen.queryByRole("complementary")).toBeNull();
  expect([location.pathname, document.activeElement]).toEqual(["/apps", link]);
});

test("the panel has the app's facts", async () => {
  open([app({ framework: "next", appVersion: "v7", functionCount: 3 })]);
  const facts = [...((await panel()).querySelector("dl")?.children ?? [])].map(({ textContent }) => textContent);
  expect(facts).toEqual([
    "URLhttp://localhost:3000/api/pawlCopy",
    "Reachedcalled by HTTP at its URL",
    "SDKpawl-js 0.1.0",
    "Frameworknext",
    "App versionv7",
    "Functions3See their runs",
    "Last sync1 min ago",
  ]);
});

test("a sync says when, where from, how long it took and what it changed; the change unfolds", async () => {
  const diff = {
    app: [{ path: "url", before: '"http://a"', after: '"http://b"' }],
    added: ["shop-refund"],
    removed: ["shop-mail"],
    changed: [
      {
        slug: "shop-charge",
        changes: [
          { path: "throttle.limit", before: "20", after: "50" },
          { path: "idempotency", after: '"x"' },
        ],
      },
    ],
    more: { added: 61, removed: 1, changed: 1 },
  };
  open([app()], [sync({ source: "server", durationMs: 41, diff, appVersion: "v7" })]);
  const [line] = await syncLines();
  expect(line?.querySelector(".sync-line")?.textContent).toBe("Syncedasked by the servertook 41 ms1 min ago");
  expect(line?.querySelector("summary")?.textContent).toBe("+61 functions, 1 changed, −1 removed; URL changed");
  const part = (name: string): string | null => within(line as HTMLElement).getByRole("region", { name, hidden: true }).textContent;
  expect(["Added", "Changed", "Removed", "The app itself"].map(part)).toEqual([
    "Addedshop-refundand 60 more, which are not kept",
    'Changedshop-chargethrottle.limit: 20 →becomes 50idempotency: none →becomes "x"',
    "Removedshop-mail",
    'The app itselfURL: "http://a" →becomes "http://b"',
  ]);
  expect(line?.textContent).toContain("1 function afterwards · pawl-js 0.1.0 · version v7");
});

test("a failed sync has its reason in full: the remedy of a code, every word of a sentence", async () => {
  const sentence = "shop-a: the cron is not valid; shop-b: the expression ends too early";
  open([app({ error: "url_not_found" })], [sync({ id: "3", error: "url_not_found" }), sync({ id: "2", error: sentence }), sync()]);
  const [code, words, good] = await syncLines();
  expect(code?.textContent).toMatch(/Failed.*\(404\)\.Change the URL to the path .*url_not_found$/);
  expect(words?.textContent).toContain(sentence);
  expect(good?.textContent).toContain("+1 function");
  const banner = within(await panel()).getByRole("region", { name: "Failing" });
  expect(banner.textContent).toMatch(/^Failing since \d\d:\d\d.*The last good sync was 1 min ago, with 1 function\./);
});

test("an app without syncs says so; syncs that can't be loaded say why", async () => {
  open([app()], []);
  expect(within(await panel()).getByText(/^None is kept yet\./)).toBeDefined();
  delete browser.answers["GET /apps/1/syncs"];
  act(() => browser.emit({ appsChanged: true }));
  expect((await screen.findByRole("alert")).textContent).toContain("The syncs can’t be loaded. There is no such thing here.");
});

test("apps that change are seen in the list and in the panel", async () => {
  open([app()]);
  expect(await syncLines()).toHaveLength(1);
  browser.answers["GET /apps"] = { items: [app({ functionCount: 2 })] };
  browser.answers["GET /apps/1/syncs"] = { items: [sync({ id: "2", source: "worker" }), sync()] };
  act(() => browser.emit({ appsChanged: true }));
  expect(await screen.findByText("worker connected")).toBeDefined();
  expect(await screen.findByRole("link", { name: "2 functions" })).toBeDefined();
});

test("a resync says what came of it, and why it was refused", async () => {
  open([app()]);
  browser.answers["POST /apps/1/sync"] = { syncId: "2", isModified: false, url: app().url };
  const button = within(await panel()).getByRole("button", { name: "Resync" });
  fireEvent.click(button);
  fireEvent.click(button);
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect(await screen.findByText("Synced: nothing has changed.")).toBeDefined();
  expect(browser.bodies["POST /apps/1/sync"]).toBe("{}");
  expect(browser.requests.filter((request) => request === "POST /apps/1/sync")).toHaveLength(1);
  expect(browser.requests.filter((request) => request === "GET /apps").length).toBeGreaterThan(1);
  browser.answers["POST /apps/1/sync"] = problem(app().url, "unreachable");
  fireEvent.click(button);
  expect((await screen.findByRole("alert")).textContent).toBe(
    "The app at http://localhost:3000/api/pawl could not be synced: unreachable. Check that the app is running, and that this server reaches its host and port.",
  );
  expect(screen.queryByText("Synced: nothing has changed.")).toBeNull();
});

test("the URL is changed in a dialog by Enter; a refusal stays there, with its reason", async () => {
  open([app()]);
  fireEvent.click(within(await panel()).getByRole("button", { name: "Change URL…" }));
  const dialog = screen.getByRole("dialog", { name: "Change the app’s URL" });
  const field = within(dialog).getByRole("textbox", { name: "URL" });
  expect(field).toHaveProperty("value", app().url);
  expect(within(dialog).getByRole("button", { name: "Change it" })).toHaveProperty("disabled", true);
  const url = "http://localhost:4000/api/pawl";
  fireEvent.change(field, { target: { value: ` ${url} ` } });
  browser.answers["POST /apps/1/sync"] = problem(url, "status_405");
  fireEvent.submit(field.closest("form") as HTMLFormElement);
  expect((await within(dialog).findByRole("alert")).textContent).toMatch(/status_405\. Have the app’s route pass on GET, POST and PUT\.$/);
  browser.answers["POST /apps/1/sync"] = { syncId: "2", isModified: true, url };
  fireEvent.submit(field.closest("form") as HTMLFormElement);
  expect(await screen.findByText(`It is called at ${url} now.`)).toBeDefined();
  expect(browser.bodies["POST /apps/1/sync"]).toBe(JSON.stringify({ url }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("an app that workers serve has no URL to sync or change", async () => {
  open([app({ url: "ws://connect?app_name=shop", method: "connect" })]);
  expect((await panel()).textContent).toContain("over the connections of its workers");
  expect(within(await panel()).queryByRole("button", { name: /Resync|URL/ })).toBeNull();
});

test("an app that is gone says so; one that was known by its URL only is followed when it registers", async () => {
  open([app({ name: "", error: "unreachable" })]);
  expect(await panel("App not registered")).toBeDefined();
  browser.answers["GET /apps"] = { items: [app({ id: "7" })] };
  browser.answers["GET /apps/7/syncs"] = { items: [sync()] };
  act(() => browser.emit({ appsChanged: true }));
  expect(await panel()).toBeDefined();
  expect(location.pathname).toBe("/apps/7");
  browser.answers["GET /apps"] = { items: [] };
  act(() => browser.emit({ appsChanged: true }));
  expect(await panel("No such app")).toBeDefined();
});
