/** Where the CPU time goes: the functions with the most time of their own, from a profile of V8. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
};

export type CpuProfile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
};

export type SelfTime = { readonly name: string; readonly place: string; readonly ms: number; readonly share: number };

/** Functions that mean that nothing was done. */
const IDLE: ReadonlySet<string> = new Set(["(idle)", "(root)"]);

/** Reads a profile that Node wrote. */
export function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
}

/** Functions by their own time, most first. Shares are of the time in which anything was done. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; place: string; ms: number }>();
  let busyMs = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || IDLE.has(frame.functionName)) continue;
    const ms = (timeDeltas[index + 1] ?? 0) / 1_000;
    const place = placeOf(frame.url, frame.lineNumber);
    const key = `${frame.functionName} ${place}`;
    const entry = times.get(key) ?? { name: frame.functionName === "" ? "(anonymous)" : frame.functionName, place, ms: 0 };
    entry.ms += ms;
    busyMs += ms;
    times.set(key, entry);
  }
  return [...times.values()].map((entry) => ({ ...entry, share: entry.ms / busyMs })).sort((a, b) => b.ms - a.ms);
}

/** Own times by package: the last folder of dependencies, the workspace's packages, or Node. */
export function byPackage(times: readonly SelfTime[]): readonly SelfTime[] {
  const groups = Map.groupBy(times, ({ place, name }) => packageOf(place, name));
  return [...groups]
    .map(([name, entries]) => ({ name, place: "", ms: sum(entries.map(({ ms }) => ms)), share: sum(entries.map(({ share }) => share)) }))
    .sort((a, b) => b.ms - a.ms);
}

/** A table for people. */
export function profileTable(title: string, { profile, rows }: { readonly profile: CpuProfile; readonly rows: number }): string {
  const times = selfTimes(profile);
  const line = ({ name, place, ms, share }: SelfTime): string =>
    `${(share * 100).toFixed(1).padStart(5)} % ${ms.toFixed(0).padStart(7)} ms  ${name}${place === "" ? "" : `  ${place}`}`;
  return [
    `${title}: by package`,
    ...byPackage(times).slice(0, 12).map(line),
    `${title}: by function`,
    ...times.slice(0, rows).map(line),
  ].join("\n");
}

function placeOf(url: string, line: number): string {
  if (url === "") return "";
  const path = url.startsWith("file://") ? fileURLToPath(url) : url;
  const short = path.replace(/^.*\/node_modules\//, "node_modules/").replace(/^.*\/packages\//, "packages/");
  return `${short}:${line + 1}`;
}

function packageOf(place: string, name: string): string {
  if (place === "") return name.startsWith("(") ? name : "V8 and bindings";
  const [first = "", second = "", third = ""] = place.split("/");
  if (first === "node_modules") return second.startsWith("@") ? `${second}/${third}` : second;
  return first === "packages" ? `packages/${second}` : "Node";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
