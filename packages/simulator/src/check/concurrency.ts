/** At no instant more calls of one node are under way than a concurrency limit allows. A crash frees what the dead node held. */
import type { Program } from "../app/program.ts";
import type { CheckContext, Checker, StepRequest } from "./checker.ts";

/** Makes the checker. */
export function checkConcurrency({ mirror, programs, report }: CheckContext): Checker {
  const counts = new Map<string, number>();
  const keyOf = ({ node, slug, k }: Holder): string | undefined => {
    const program = programs.get(slug);
    return program === undefined ? undefined : slotOf(program, { node, k });
  };
  const began = (holder: Holder): void => {
    const key = keyOf(holder);
    const program = programs.get(holder.slug);
    if (key === undefined || program === undefined) return;
    const limit = limitOf(program, programs.values());
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > limit) report(`${count} calls hold ${key}; ${holder.slug} allows ${limit}`);
  };
  const ended = (holder: Holder): void => {
    const key = keyOf(holder);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 1) - 1);
  };
  const requesting = ({ node, runId }: StepRequest): Holder => {
    const run = mirror.runs.get(runId);
    return { node, slug: run?.functionId ?? "", k: mirror.events.get(run?.eventIds[0] ?? "")?.data.k };
  };
  return {
    callBegan: (call) => began({ ...call, k: call.body.event.data["k"] }),
    callEnded: (call) => ended({ ...call, k: call.body.event.data["k"] }),
    requestBegan: (request) => began(requesting(request)),
    requestEnded: (request) => ended(requesting(request)),
  };
}

/** What takes a slot: a call of the app, or a request that the server makes for a step. */
type Holder = { readonly node: number; readonly slug: string; readonly k: unknown };

/** Functions that share a slot have each its own limit; the largest is never exceeded, whoever came last. */
function limitOf({ concurrency }: Program, programs: Iterable<Program>): number {
  if (concurrency?.per !== "k") return concurrency?.limit ?? Number.POSITIVE_INFINITY;
  let most = 0;
  for (const other of programs) if (other.concurrency?.per === "k") most = Math.max(most, other.concurrency.limit);
  return most;
}

function slotOf({ slug, concurrency }: Program, { node, k }: { readonly node: number; readonly k: unknown }): string | undefined {
  switch (concurrency?.per) {
    case "function":
      return `node ${node}, ${slug}`;
    case "function-and-k":
      return `node ${node}, ${slug}, k=${String(k)}`;
    case "k":
      return `node ${node}, k=${String(k)}`;
    case undefined:
      return undefined;
  }
}
