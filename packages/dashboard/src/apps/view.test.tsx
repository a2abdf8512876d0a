// @vitest-environment happy-dom
import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { UiApp } from "@pawl/protocol";
import { Shell } from "../shell/shell.tsx";
import { installBrowser } from "../testing/browser.ts";
import { T0 } from "../testing/fixtures.ts";

const browser = installBrowser();
const app: UiApp = {
  id: "1",
  name: "shop",
  url: "http://localhost:3000/api/pawl",
  sdk: "js",
  framework: "",
  functionCount: 1,
  syncedAt: T0,
};

test("an app says where it is served: at its address, or by workers", async () => {
  browser.answers["GET /apps"] = { items: [app, { ...app, id: "2", name: "etl", url: "ws://connect?app_name=etl" }] };
  history.replaceState(null, "", "/apps");
  render(<Shell />);
  const [shop, etl] = within(await screen.findByRole("list", { name: "Apps" })).getAllByRole("listitem");
  expect(shop?.textContent).toContain("http://localhost:3000/api/pawl");
  expect(etl?.textContent).toContain("served by workers");
  expect(
    within(etl as HTMLElement)
      .getByRole("link", { name: "workers" })
      .getAttribute("href"),
  ).toBe("/workers");
});
