import { expect, test } from "vitest";
import { isSameUrl, normalizeAppUrl } from "./app-url.ts";

test.each([
  ["http://app.example/api?b=2&a=1&deployId=d&probe=trust", "http://app.example/api?a=1&b=2"],
  ["http://app.example:80/api", "http://app.example/api"],
  ["https://app.example:443/api", "https://app.example/api"],
  ["https://app.example:80/api", "https://app.example:80/api"],
  ["app.example:3000/api", "http://app.example:3000/api"],
  ["ws://connect?app_name=shop", "ws://connect/?app_name=shop"],
  ["http://127.0.0.1:3000/api", "http://127.0.0.1:3000/api"],
  ["ftp://app.example/api", undefined],
  ["", undefined],
])("%j becomes %j", (text, expected) => {
  expect(normalizeAppUrl(text)).toBe(expected);
});

test("loopback has several names, and one app", () => {
  expect(isSameUrl("http://127.0.0.1:3000/api", "http://localhost:3000/api")).toBe(true);
  expect(isSameUrl("http://[::1]:3000/api", "http://0.0.0.0:3000/api")).toBe(true);
  expect(isSameUrl("http://127.0.0.1:3000/api", "http://127.0.0.1:3001/api")).toBe(false);
});
