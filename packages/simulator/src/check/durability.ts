/** What was committed is in the store after every crash, and nothing else is. */
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkDurability({ mirror, report }: CheckContext): Checker {
  return {
    ended: ({ stored: { tables } }) => {
      if (tables.events.size !== mirror.events.size)
        report(`${tables.events.size} events are stored, ${mirror.events.size} were committed`);
      if (tables.runs.size !== mirror.runs.size) report(`${tables.runs.size} runs are stored, ${mirror.runs.size} were committed`);
      if (tables.cells.size !== mirror.cells.size) report(`${tables.cells.size} cells are stored, ${mirror.cells.size} were committed`);
      for (const run of mirror.runs.values()) {
        const stored = tables.runs.get(run.id);
        if (stored?.version !== run.version || stored.status !== run.status)
          report(`run ${run.id} is ${stored?.status} (${stored?.version}), committed was ${run.status} (${run.version})`);
      }
    },
  };
}
