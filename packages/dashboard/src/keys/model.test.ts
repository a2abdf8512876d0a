import { expect, test } from "vitest";
import { apiKey, T0 } from "../testing/fixtures.ts";
import { keyProblem, keyRequestOf, keysSentence, mayDo, NEW_KEY, scopeWords, serverKeys, toggleScope } from "./model.ts";

const DAY_MS = 86_400_000;

test("a key needs a name and a scope", () => {
  expect(keyProblem(NEW_KEY)).toBe("Give it a name, such as the program that will use it.");
  expect(keyProblem({ ...NEW_KEY, name: " " })).toBeDefined();
  expect(keyProblem({ ...NEW_KEY, name: "ci", scopes: [] })).toBe("Choose what it may do.");
  expect(keyProblem({ ...NEW_KEY, name: "ci" })).toBeUndefined();
});

test("a key ends so many days from now, or not at all", () => {
  expect(keyRequestOf({ name: " ci ", scopes: ["read"], lifetime: "7" }, T0)).toEqual({
    name: "ci",
    scopes: ["read"],
    expiresAt: T0 + 7 * DAY_MS,
  });
  expect(keyRequestOf({ name: "ci", scopes: ["read"], lifetime: "" }, T0)).toEqual({ name: "ci", scopes: ["read"] });
});

test("who may do everything needs no other scope", () => {
  expect(toggleScope(["write"], "events")).toEqual(["events", "write"]);
  expect(toggleScope(["events", "write"], "write")).toEqual(["events"]);
  expect(mayDo(["write"], "read")).toBe(true);
  expect(mayDo(["events"], "read")).toBe(false);
  expect(keyRequestOf({ name: "ci", scopes: ["events", "write"], lifetime: "" }, T0).scopes).toEqual(["write"]);
});

test("scopes are said in one order", () => {
  expect(scopeWords(["read", "events"])).toBe("Events, read");
  expect(scopeWords(["read"])).toBe("Read");
  expect(scopeWords(["events", "write"])).toBe("Everything");
});

test("keys in force are counted, and those that have ended apart", () => {
  expect(keysSentence([apiKey()], T0)).toBe("1 API key in force.");
  expect(keysSentence([apiKey(), apiKey({ expiresAt: T0 })], T0)).toBe("1 API key in force, 1 expired.");
});

test("the server's own keys are named by what they are", () => {
  const access = { isKeyNeeded: true, isEventKeyNeeded: true, signingKeys: ["…1", "…2"], eventKeys: ["…3", "…4"] };
  expect(serverKeys(access).map(({ label, keys }) => [label, keys.join()])).toEqual([
    ["Signing key", "…1"],
    ["Accepted beside it", "…2"],
    ["Event keys", "…3,…4"],
  ]);
  expect(serverKeys({ ...access, signingKeys: ["…1"], eventKeys: [] })).toHaveLength(1);
});
