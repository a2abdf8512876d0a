/** At no instant more calls of one node are under way than a concurrency limit allows. A crash frees what the dead node held. */
import type { Program } from "../app/program.ts";
import type { CheckContext, Checker, ObservedCall } from "./checker.ts";

/** Makes the checker. */
export function checkConcurrency({ programs, report }: CheckContext): Checker {
  const counts = new Map<string, number>();
  const keyOf = ({ node, slug, body }: ObservedCall): string | undefined => {
    const program = programs.get(slug);
    return program === undefined ? undefined : slotOf(program, { node, k: body.event.data["k"] });
  };
  return {
    callBegan: (call) => {
      const key = keyOf(call);
      const program = programs.get(call.slug);
      if (key === undefined || program === undefined) return;
      const limit = limitOf(program, programs.values());
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > limit) report(`${count} calls hold ${key}; ${call.slug} allows ${limit}`);
    },
    callEnded: (call) => {
      const key = keyOf(call);
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 1) - 1);
    },
  };
}

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
