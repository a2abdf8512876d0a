import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FunctionDefinition } from "../registration/function-definition.ts";
import { type RegisteredApp, SYNC_DIFF_MAX, SYNC_VALUE_LENGTH_MAX, syncDiff } from "./sync-diff.ts";

const APP = { url: "http://a/api", sdk: "js:v1", framework: "express", method: "serve" } as const;

function fn(slug: string, over: Partial<FunctionDefinition> = {}): RegisteredApp["functions"][number] {
  const rest = { attemptsMax: 5, triggers: [], concurrency: { step: [] }, cancelOn: [], timeouts: {} };
  return { slug, definition: { slug, name: slug, url: `http://a/api?fnId=${slug}`, ...rest, ...over } };
}

const of = (...functions: RegisteredApp["functions"]): RegisteredApp => ({ app: APP, functions });

describe("what a sync changed", () => {
  test("functions that came, went and changed, value by value; their URL is the app's", () => {
    const limit = { limit: 5, periodMs: 60_000 };
    const before = of(fn("kept"), fn("gone"), fn("other", { attemptsMax: 4, rateLimit: limit, triggers: [{ kind: "event", event: "a" }] }));
    const changed = fn("other", { attemptsMax: 6, url: "http://b/", timeouts: { startMs: 5 }, rateLimit: { ...limit, limit: 6 } });
    expect(syncDiff(before, of(fn("kept"), fn("new"), changed))).toEqual({
      app: [],
      added: ["new"],
      removed: ["gone"],
      changed: [
        {
          slug: "other",
          changes: [
            { path: "attemptsMax", before: "4", after: "6" },
            { path: "triggers.0.kind", before: '"event"' },
            { path: "triggers.0.event", before: '"a"' },
            { path: "rateLimit.limit", before: "5", after: "6" },
            { path: "timeouts.startMs", after: "5" },
          ],
        },
      ],
    });
  });

  test("the app's URL, SDK and version; of a new app everything is new", () => {
    const after = { app: { ...APP, url: "http://b/api", appVersion: "7" }, functions: [fn("a")] };
    expect(syncDiff(of(fn("a")), after).app).toEqual([
      { path: "url", before: '"http://a/api"', after: '"http://b/api"' },
      { path: "appVersion", after: '"7"' },
    ]);
    expect(syncDiff({ app: undefined, functions: [] }, after)).toEqual({ app: [], added: ["a"], removed: [], changed: [] });
  });

  test("is cut where it is long, and says how much there was", () => {
    const many = Array.from({ length: SYNC_DIFF_MAX + 1 }, (_, n) => fn(`f${String(n)}`, { name: "x".repeat(1_000) }));
    const renamed = many.map(({ slug }) => fn(slug, { name: "y" }));
    expect(syncDiff(of(), of(...many))).toMatchObject({ added: { length: SYNC_DIFF_MAX }, more: { added: SYNC_DIFF_MAX + 1 } });
    const { changed, more } = syncDiff(of(...many), of(...renamed));
    expect([changed.length, changed[0]?.changes[0]?.before?.length]).toEqual([SYNC_DIFF_MAX, SYNC_VALUE_LENGTH_MAX]);
    expect(more).toEqual({ added: 0, removed: 0, changed: SYNC_DIFF_MAX + 1 });
  });
});

const functions = fc
  .uniqueArray(fc.constantFrom("a", "b", "c", "d"))
  .chain((slugs) => fc.tuple(...slugs.map((slug) => fc.integer({ min: 1, max: 3 }).map((attemptsMax) => fn(slug, { attemptsMax })))));

test("property: nothing differs from itself, and back is forth the other way round", () => {
  fc.assert(
    fc.property(functions, functions, (before, after) => {
      expect(syncDiff(of(...after), of(...after))).toEqual({ app: [], added: [], removed: [], changed: [] });
      const forth = syncDiff(of(...before), of(...after));
      const back = syncDiff(of(...after), of(...before));
      expect(back.added.toSorted()).toEqual(forth.removed.toSorted());
      expect(back.changed.map(({ slug }) => slug).toSorted()).toEqual(forth.changed.map(({ slug }) => slug).toSorted());
    }),
  );
});
