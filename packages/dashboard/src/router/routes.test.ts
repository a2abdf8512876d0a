import { expect, test } from "vitest";
import { functionPath, matchRoute, redirectOf, runPath } from "./routes.ts";

test.each([
  ["/runs", { page: "runs" }],
  ["/runs/", { page: "runs" }],
  ["/runs/01J9", { page: "run", runId: "01J9" }],
  ["/functions", { page: "functions" }],
  ["/functions/shop-a%2Fb", { page: "functions", slug: "shop-a/b" }],
  ["/events", { page: "events" }],
  ["/send", { page: "send" }],
  ["/apps", { page: "apps" }],
  ["/apps/7f1c", { page: "apps", appId: "7f1c" }],
  ["/workers", { page: "workers" }],
  ["/workers/01W", { page: "not-found" }],
  ["/settings/keys", { page: "keys" }],
  ["/settings/other", { page: "not-found" }],
  ["/runs/a/b", { page: "not-found" }],
  ["/runs/%E0%A4%A", { page: "run", runId: "%E0%A4%A" }],
  ["/nothing", { page: "not-found" }],
])("%s is a page", (path, route) => {
  expect(matchRoute(path)).toEqual(route);
});

test.each([
  ["/", "", "/runs"],
  ["/run", "runID=01J9", "/runs/01J9"],
  ["/event", "eventID=01E", "/events?event=01E"],
  ["/stream", "", "/events"],
  ["/functions/config", "slug=shop-pay", "/functions/shop-pay"],
  ["/apps/app", "", "/apps"],
  ["/apps/app", "id=1", "/apps/1"],
  ["/settings", "", "/settings/keys"],
  ["/runs", 'filterStatus=["FAILED","RUNNING"]&last=3d', "/runs?status=FAILED%2CRUNNING&since=3d"],
])("%s?%s leads to %s", (path, query, target) => {
  expect(redirectOf(path, new URLSearchParams(query))).toBe(target);
});

test("our own addresses are not redirected", () => {
  expect(redirectOf("/runs", new URLSearchParams("status=FAILED"))).toBeUndefined();
  expect(redirectOf("/events", new URLSearchParams())).toBeUndefined();
});

test("paths of ids with odd letters lead back to them", () => {
  expect(matchRoute(runPath("a/b c"))).toEqual({ page: "run", runId: "a/b c" });
  expect(matchRoute(functionPath("shop-ä/ö"))).toEqual({ page: "functions", slug: "shop-ä/ö" });
});
