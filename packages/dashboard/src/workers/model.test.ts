import { expect, test } from "vitest";
import { T0, worker } from "../testing/fixtures.ts";
import { callsWords, groupsOf, groupWords, isFull, isSilent, machineWords, workersSentence } from "./model.ts";

const app = (name: string) => ({ name, isRegistered: true, functionSlugs: [] });
const ofApps = (...names: readonly string[]) => worker({ id: names.join(), apps: names.map(app) });

test("workers stand below each of their apps, and apps without any are there too", () => {
  const both = ofApps("shop", "crm");
  const groups = groupsOf({ items: [both, ofApps("shop")], total: 2, appsWithout: ["mail"], left: [] });
  expect(groups.map(({ appName, rows }) => [appName, rows.length])).toEqual([
    ["crm", 1],
    ["mail", 0],
    ["shop", 2],
  ]);
  expect(groups[2]?.rows[0]?.worker).toBe(both);
});

test("the headline says whether there is somebody to do the work", () => {
  const full = worker({ inUse: 10 });
  expect(workersSentence({ items: [], total: 0, appsWithout: [], left: [] })).toBe("No workers are connected.");
  expect(workersSentence({ items: [worker({ inUse: 1 })], total: 1, appsWithout: [], left: [] })).toBe(
    "1 worker connected, 1 call in progress.",
  );
  expect(workersSentence({ items: [worker(), full], total: 2, appsWithout: [], left: [] })).toBe("2 workers connected, 1 of them full.");
  expect(workersSentence({ items: [full, full], total: 2, appsWithout: [], left: [] })).toBe("2 workers connected, all of them full.");
  expect(workersSentence({ items: [full], total: 1, appsWithout: ["mail"], left: [] })).toBe("mail has no worker: its runs wait.");
  expect(workersSentence({ items: [], total: 0, appsWithout: ["a", "b"], left: [] })).toBe("2 apps have no worker: their runs wait.");
});

test("an app can take what its ready workers can", () => {
  const rows = (...workers: readonly ReturnType<typeof worker>[]) => workers.map((each) => ({ worker: each, app: app("shop") }));
  expect(groupWords(rows(worker({ inUse: 2 }), worker({ status: "draining", inUse: 1 })))).toBe(
    "2 workers, 1 of them ready · 2 of 10 calls",
  );
  const { capacity: _, ...unlimited } = worker({ inUse: 1 });
  expect(groupWords(rows(unlimited))).toBe("1 worker · 1 call, no limit");
  expect(groupWords(rows(worker({ status: "connected" })))).toBe("1 worker, none is ready");
});

test("a worker says how many calls it has, of how many, and when it is full", () => {
  const { capacity: _, ...unlimited } = worker({ inUse: 7 });
  expect([callsWords(worker({ inUse: 2 })), callsWords(unlimited)]).toEqual(["2 of 10", "7, no limit"]);
  expect([isFull(worker({ inUse: 9 })), isFull(worker({ inUse: 10 })), isFull(unlimited)]).toEqual([false, true, false]);
});

test("a worker is silent when it missed two of its signs", () => {
  expect(isSilent(worker(), T0 + 25_000)).toBe(false);
  expect(isSilent(worker(), T0 + 25_001)).toBe(true);
});

test("of its machine a worker says what it told", () => {
  expect(machineWords(worker())).toBe("");
  expect(machineWords(worker({ os: "linux", cpuCores: 8, memBytes: 16_800_000_000, address: "10.0.0.7" }))).toBe(
    "10.0.0.7 · linux · 8 cores · 16.8 GB",
  );
});
