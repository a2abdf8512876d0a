/** Which pauses hold the signals that ops would wait for. */
import type { WireOp } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import { textOf } from "../json.ts";

/** Ids of pauses by signal; undefined where no op waits for a signal. */
export async function signalHoldersOf(
  store: Pick<Store, "pauseBySignal">,
  ops: readonly WireOp[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const waits = ops.filter(({ op }) => op === "WaitForSignal");
  if (waits.length === 0) return undefined;
  const holders = new Map<string, string>();
  for (const { opts, name } of waits) {
    const signal = textOf(opts?.["signal"], name);
    const pause = await store.pauseBySignal(signal);
    if (pause !== undefined) holders.set(signal, pause.id);
  }
  return holders;
}
