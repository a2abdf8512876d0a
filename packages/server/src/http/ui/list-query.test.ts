import type { FunctionRow } from "@pawl/engine";
import { expect, test } from "vitest";
import { Registry } from "../../core/registry.ts";
import { cursorOf, readEventQuery, readRunQuery, readSearch } from "./list-query.ts";

const registry = new Registry();
registry.putApp({ id: "app", name: "shop", url: "", sdk: "", framework: "", method: "serve", checksum: "", createdAt: 0, syncedAt: 0 });
registry.putFunctions(["shop-import", "shop-export"].map(functionRow));

function functionRow(slug: string): FunctionRow {
  const definition = { slug, name: slug, url: "", attemptsMax: 5, triggers: [], concurrency: { step: [] }, cancelOn: [], timeouts: {} };
  return { id: `id of ${slug}`, appId: "app", slug, name: slug, version: 1, definition, config: "{}", createdAt: 0 };
}

const filterOf = (raw: Parameters<typeof readRunQuery>[0]) => readRunQuery(raw, registry).filter;

test("without parameters the newest fifty are asked for", () => {
  expect(readRunQuery({}, registry)).toEqual({ filter: {}, timeField: "queuedAt", order: "desc", limit: 50 });
  expect(readEventQuery({})).toEqual({ includeInternal: false, limit: 50 });
});

test("functions and apps are named, and a name that is unknown matches nothing", () => {
  expect(filterOf({ function: "shop-import", app: "shop" })).toEqual({ functionIds: ["id of shop-import"], appIds: ["app"] });
  expect(filterOf({ function: "none" })).toEqual({ functionIds: [] });
  expect(filterOf({ app: "none" })).toEqual({ appIds: [] });
});

test("a list may repeat its parameter or hold commas; empty ones are none", () => {
  expect(filterOf({ status: "FAILED,QUEUED" })).toEqual({ statuses: ["FAILED", "QUEUED"] });
  expect(filterOf({ status: ["FAILED", "QUEUED"] })).toEqual({ statuses: ["FAILED", "QUEUED"] });
  expect(filterOf({ status: "", event: "", q: " " })).toEqual({});
});

test("a text is the start of an id, part of a function's name, or an event's name", () => {
  expect(filterOf({ q: "01k6" })).toEqual({ idPrefix: "01K6" });
  expect(filterOf({ q: "PORT" })).toEqual({ functionIds: ["id of shop-import", "id of shop-export"] });
  expect(filterOf({ q: "import", function: "shop-export" })).toEqual({ functionIds: [] });
  expect(filterOf({ q: "shop/paid" })).toEqual({ eventName: "shop/paid" });
  expect(filterOf({ q: "shop/paid", event: "other" })).toEqual({ functionIds: [] });
});

test("a cursor leads on after its row", () => {
  expect(readRunQuery({ cursor: cursorOf({ queuedAt: 4.5, id: "a" }) }, registry).after).toEqual({ at: 4.5, id: "a" });
});

test("an expression is read for what is listed, and a bad one is refused with the reason", () => {
  expect(readSearch({}, "runs")).toBeUndefined();
  expect(readSearch({ if: " " }, "runs")).toBeUndefined();
  expect(readSearch({ if: "output.n == 1" }, "runs")).toMatchObject({ readsEvent: false });
  expect(() => readSearch({ if: "output.n == 1" }, "events")).toThrow(
    "if is no valid expression: line 1, column 1: unknown variable `output`",
  );
});
