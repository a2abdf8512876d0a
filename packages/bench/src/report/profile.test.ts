import { expect, test } from "vitest";
import { byPackage, type CpuProfile, selfTimes } from "./profile.ts";

const frame = (functionName: string, url = ""): CpuProfile["nodes"][number]["callFrame"] => ({ functionName, url, lineNumber: 9 });

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(idle)") },
    { id: 2, callFrame: frame("apply", "file:///home/me/pawl/packages/store/dist/store.js") },
    { id: 3, callFrame: frame("request", "file:///home/me/pawl/node_modules/undici/lib/request.js") },
    { id: 4, callFrame: frame("apply", "file:///home/me/pawl/packages/store/dist/store.js") },
    { id: 5, callFrame: frame("onread", "node:net") },
  ],
  samples: [1, 2, 3, 4, 5],
  timeDeltas: [0, 5_000, 3_000, 1_000, 3_000, 2_000],
};

test("own times of a function are added up wherever it was called from, and idle time does not count", () => {
  expect(selfTimes(PROFILE)).toEqual([
    { name: "apply", place: "packages/store/dist/store.js:10", ms: 6, share: 6 / 9 },
    { name: "onread", place: "node:net:10", ms: 2, share: 2 / 9 },
    { name: "request", place: "node_modules/undici/lib/request.js:10", ms: 1, share: 1 / 9 },
  ]);
});

test("packages are ours, dependencies, or Node", () => {
  expect(byPackage(selfTimes(PROFILE)).map(({ name, ms }) => [name, ms])).toEqual([
    ["packages/store", 6],
    ["Node", 2],
    ["undici", 1],
  ]);
});
