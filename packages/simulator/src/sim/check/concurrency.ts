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
      const limit = programs.get(call.slug)?.concurrency?.limit;
      if (key === undefined || limit === undefined) return;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > limit) report(`${count} calls hold ${key}, of which ${call.slug} allows ${limit}`);
    },
    callEnded: (call) => {
      const key = keyOf(call);
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 1) - 1);
    },
  };
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
