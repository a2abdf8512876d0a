/** What a worker knows of the machine and the process it is in. Every part may be missing: platforms differ. */
import { cpus, hostname, platform, totalmem } from "node:os";

export type HostFacts = { readonly hostname: string; readonly cpuCores: number; readonly memBytes: number; readonly os: string };

/** Facts that are shown at the server. */
export function hostFacts(): HostFacts {
  return { hostname: hostname(), cpuCores: cpus().length, memBytes: totalmem(), os: platform() };
}

/** Calls back at the first of these signals; the next one has its usual effect. The result ends the watch. */
export function onSignals(signals: readonly string[], callback: () => void): () => void {
  const { process } = globalThis as { process?: Pick<NodeJS.Process, "on" | "off"> };
  const unwatch = (): void => {
    for (const signal of signals) process?.off(signal, onSignal);
  };
  const onSignal = (): void => {
    unwatch();
    callback();
  };
  for (const signal of signals) process?.on(signal, onSignal);
  return unwatch;
}
