/** Follows the runs of a server by its stream of changes. */
import type { UiChanges, UiRunList, UiRunRow } from "@pawl/protocol";

export type FollowedRun = Pick<UiRunRow, "id" | "functionSlug" | "eventName" | "status"> & {
  /** Whether the run was made to fail. */
  readonly isPlannedFailure: boolean;
};

export type Following = { readonly ready: Promise<void>; readonly allEnded: Promise<readonly FollowedRun[]> };

const TERMINAL: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED", "SKIPPED"]);

/** Follows until no run is left that has not ended. */
export function follow(
  serverUrl: string,
  { timeoutMs, onRun }: { readonly timeoutMs: number; readonly onRun: (run: UiRunRow) => void },
): Following {
  const abort = AbortSignal.timeout(timeoutMs);
  const opened = fetch(`${serverUrl}/ui/v1/stream`, { signal: abort });
  return { ready: opened.then(() => undefined), allEnded: opened.then((response) => read({ serverUrl, response, onRun })) };
}

type ReadInput = { readonly serverUrl: string; readonly response: Response; readonly onRun: (run: UiRunRow) => void };

async function read({ serverUrl, response, onRun }: ReadInput): Promise<readonly FollowedRun[]> {
  if (response.body === null) throw new Error("The server's stream of changes has no body.");
  const seen = new Map<string, UiRunRow>();
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const message = text.slice(0, end);
      text = text.slice(end + 2);
      for (const run of changesOf(message)) {
        if (!seen.has(run.id)) onRun(run);
        seen.set(run.id, run);
      }
    }
    if (seen.size > 0 && [...seen.values()].every(({ status }) => TERMINAL.has(status)) && (await nothingLives(serverUrl))) break;
  }
  return [...seen.values()].map((run) => ({ ...run, isPlannedFailure: run.status === "FAILED" && run.functionSlug === "shop-checkout" }));
}

function changesOf(message: string): readonly UiRunRow[] {
  const lines = message.split("\n");
  if (!lines.includes("event: changes")) return [];
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
  return (JSON.parse(data.join("\n")) as UiChanges).runs;
}

/** Runs that were created but not told of yet would be missed by looking at what is known only. */
async function nothingLives(serverUrl: string): Promise<boolean> {
  const list = (await (await fetch(`${serverUrl}/ui/v1/runs?status=QUEUED,RUNNING&limit=1`)).json()) as UiRunList;
  return list.items.length === 0;
}
