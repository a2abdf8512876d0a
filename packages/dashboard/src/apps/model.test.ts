import { expect, test } from "vitest";
import type { UiSync } from "@pawl/protocol";
import { app, sync } from "../testing/fixtures.ts";
import { diffSummary, hasDetails, headline, lastGood, moreChanged, sdkWords, slugsOf, successorOf, troubleFirst } from "./model.ts";

const diffOf = (changes: Partial<UiSync["diff"]>): UiSync["diff"] => ({ app: [], added: [], removed: [], changed: [], ...changes });
const changed = (slug: string) => ({ slug, changes: [{ path: "attemptsMax", before: "4", after: "5" }] });
const url = { path: "url", before: '"http://a"', after: '"http://b"' };

test.each([
  [{ added: ["a", "b"], changed: [changed("c")], removed: ["d"], app: [url] }, "+2 functions, 1 changed, −1 removed; URL changed"],
  [{ added: ["a"] }, "+1 function"],
  [{ changed: [changed("c"), changed("d")], removed: ["e"] }, "2 functions changed, −1 removed"],
  [{ removed: ["a"] }, "−1 function removed"],
  [{ app: [url, { path: "sdk" }, { path: "appVersion" }] }, "URL, SDK and app version changed"],
  [{ app: [{ path: "sdk" }, { path: "method" }] }, "SDK and way it is reached changed"],
  [{}, "It works again; nothing changed."],
  [{ added: ["a"], more: { added: 1_204, removed: 0, changed: 60 } }, "+1,204 functions, 60 changed"],
])("the diff %j reads %s", (diff, words) => {
  expect(diffSummary(diffOf(diff))).toBe(words);
});

test("what was cut is counted", () => {
  const cut = diffOf({ added: ["a", "b"], changed: [changed("c")], more: { added: 7, removed: 0, changed: 3 } });
  expect([slugsOf(cut, "added"), slugsOf(cut, "removed"), moreChanged(cut)]).toEqual([
    { slugs: ["a", "b"], more: 5 },
    { slugs: [], more: 0 },
    2,
  ]);
  expect(slugsOf(diffOf({ added: ["a"] }), "added")).toEqual({ slugs: ["a"], more: 0 });
});

test("only a diff with something in it unfolds", () => {
  expect([hasDetails(diffOf({})), hasDetails(diffOf({ app: [url] })), hasDetails(diffOf({ removed: ["a"] }))]).toEqual([false, true, true]);
});

test("the page says how many apps are in trouble, and has them first", () => {
  const [fine, broken] = [app(), app({ id: "2", name: "crm", error: "unreachable" })];
  expect([headline([]), headline([fine]), headline([fine, broken])]).toEqual([
    "No app has registered yet.",
    "1 app, all in order.",
    "1 of 2 apps can’t be reached or registered.",
  ]);
  expect(troubleFirst([fine, broken])).toEqual([broken, fine]);
});

test("what was known by its URL only is followed to the app that registered there; an app that is gone is not", () => {
  const unnamed = app({ id: "9", name: "" });
  expect(successorOf(unnamed, [app({ id: "2", url: "http://other" }), app()])).toEqual(app());
  expect(successorOf(unnamed, [])).toBeUndefined();
  expect(successorOf(app({ id: "9" }), [app()])).toBeUndefined();
});

test("the last good sync is the newest that did not fail", () => {
  const good = sync({ id: "2" });
  expect(lastGood([sync({ error: "unreachable" }), good, sync({ id: "3" })])).toBe(good);
  expect(lastGood([])).toBeUndefined();
});

test.each([
  ["pawl-js:v0.1.0", "pawl-js 0.1.0"],
  ["js:v", "js"],
  ["go", "go"],
  ["", ""],
])("the SDK %j reads %j", (sdk, words) => {
  expect(sdkWords(sdk)).toBe(words);
});
