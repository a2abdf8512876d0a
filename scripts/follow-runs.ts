/** Follows the runs of a server by its stream of changes. */
import type { UiChanges, UiRunRow } from "@pawl/protocol";

export type FollowOptions = {
  /** How many runs of each function must have ended. */
  readonly counts: ReadonlyMap<string, number>;
  readonly timeoutMs: number;
  /** Called on every change of a run. */
  readonly onChange: (run: UiRunRow) => void;
};

export type Following = {
  /** Resolves when no change can be missed any more. */
  readonly ready: Promise<void>;
  /** Resolves with the last state of every run when enough have ended; rejects when the time is over or the server is gone. */
  readonly ended: Promise<readonly UiRunRow[]>;
};

const TERMINAL: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED", "SKIPPED"]);

/** Starts following. */
export function followRuns(serverUrl: string, options: FollowOptions): Following {
  const opened = fetch(`${serverUrl}/ui/v1/stream`, { signal: AbortSignal.timeout(options.timeoutMs) });
  const ended = opened.then((response) => read(response, options));
  // Whoever waits for `ready` only must not be told twice.
  ended.catch(() => {});
  return { ready: opened.then(() => undefined), ended };
}

async function read(response: Response, { counts, timeoutMs, onChange }: FollowOptions): Promise<readonly UiRunRow[]> {
  const runs = new Map<string, UiRunRow>();
  const missing = (): string[] =>
    [...counts]
      .filter(([slug, count]) => endedOf(runs, slug) < count)
      .map(([slug, count]) => `${slug} (${endedOf(runs, slug)} of ${count})`);
  try {
    for await (const run of changedRuns(response)) {
      onChange(run);
      runs.set(run.id, run);
      if (TERMINAL.has(run.status) && missing().length === 0) return [...runs.values()];
    }
  } catch (error) {
    if ((error as { readonly name?: unknown }).name !== "TimeoutError") throw error;
    throw new Error(`After ${timeoutMs / 1_000} s runs have not ended: ${missing().join(", ")}.`, { cause: error });
  }
  throw new Error("The server closed its stream of changes.");
}

function endedOf(runs: ReadonlyMap<string, UiRunRow>, slug: string): number {
  return [...runs.values()].filter(({ functionSlug, status }) => functionSlug === slug && TERMINAL.has(status)).length;
}

async function* changedRuns({ body }: Response): AsyncGenerator<UiRunRow> {
  if (body === null) throw new Error("The server's stream of changes has no body.");
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + chunk).split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) yield* runsOf(message);
  }
}

function runsOf(message: string): readonly UiRunRow[] {
  const lines = message.split("\n");
  if (!lines.includes("event: changes")) return [];
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
  return (JSON.parse(data.join("\n")) as UiChanges).runs;
}
