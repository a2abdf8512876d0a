/** The mock server's workers: their calls come and go with the clock. */
import type { UiWorker, UiWorkerList } from "@pawl/protocol";

const STARTED_AT = Date.now();
const ETL = ["etl-extract", "etl-load", "etl-report"];
const GB = 1_000_000_000;

type Seed = Pick<UiWorker, "instanceId" | "status" | "apps"> & Partial<UiWorker>;

const SEEDS: readonly Seed[] = [
  { instanceId: "etl-7c9d-x2k4p", status: "connected", apps: [etl("v42")], capacity: 40 },
  { instanceId: "etl-7c9d-b8s1q", status: "ready", apps: [etl("v42")], capacity: 40 },
  {
    instanceId: "etl-7c9d-m3v7z",
    status: "ready",
    apps: [etl("v42"), { name: "mail", isRegistered: true, functionSlugs: ["mail-send"] }],
    capacity: 4,
  },
  { instanceId: "etl-6b1a-q9w2e", status: "draining", apps: [{ ...etl("v41"), isRegistered: false }], capacity: 40 },
  { instanceId: "laptop", status: "ready", apps: [{ name: "mail", isRegistered: true, functionSlugs: ["mail-send"] }], sdk: "py:0.5.9" },
];

/** Who is connected. */
export function workersAt(now: number): UiWorkerList {
  const items = SEEDS.map((seed, index): UiWorker => {
    const wave = Math.abs(Math.sin(now / 9_000 + index));
    return {
      id: `01M8WAV9V3XDHM8ZYS339J000${index}`,
      sdk: "js:v4.24.0",
      os: "linux",
      cpuCores: 4,
      memBytes: 16.8 * GB,
      address: `10.0.3.${17 + index}`,
      inUse: seed.status === "connected" ? 0 : Math.round(wave * (seed.capacity ?? 12)),
      connectedAt: STARTED_AT - index * 1_700_000,
      heardAt: index === 3 ? now - 31_000 : now - ((now + index * 3_100) % 10_000),
      ...seed,
    };
  });
  const gone = { sdk: "js:v4.24.0", heardAt: now - 400_000, appNames: ["etl"], connectedAt: STARTED_AT - 7_200_000 };
  const left: UiWorkerList["left"] = [
    { id: "01M8WAV9V3XDHM8ZYS339J0009", instanceId: "etl-7c9d-p0k7r", leftAt: now - 350_000, reason: "silent", ...gone },
    { id: "01M8WAV9V3XDHM8ZYS339J0008", instanceId: "etl-6b1a-z4t6y", leftAt: now - 900_000, reason: "shutdown", ...gone },
  ];
  return { items, total: items.length, appsWithout: ["thumbnails"], left };
}

function etl(version: string): UiWorker["apps"][number] {
  return { name: "etl", version, isRegistered: true, functionSlugs: ETL };
}
