import { expect, test } from "vitest";
import type { UiFunction } from "@pawl/protocol";
import { functionItem } from "../testing/fixtures.ts";
import { listenedNames, nearMiss } from "./model.ts";

const fn = (event: string): UiFunction => functionItem({ id: event, triggers: [{ event }] });

test("names are sorted, each once, without patterns and the server's own", () => {
  expect(listenedNames([fn("b"), fn("a"), fn("b"), fn("shop/*"), fn("inngest/function.failed")])).toEqual(["a", "b"]);
});

test.each([
  ["shop/orders.created", "shop/order.created"],
  ["shop/ordre.created", "shop/order.created"],
  ["shop/order.created", undefined],
  ["shop/order.deleted", undefined],
  ["", undefined],
])("%s was probably meant as %s", (name, meant) => {
  expect(nearMiss(name, ["crm/contact.changed", "shop/order.created"])).toBe(meant);
});
