/**
 * What the server says of the runs. A figure counts only when the server has stored the end of every run, and none has failed.
 */
import { http, jsonOf, SIGNING_KEY } from "@pawl/conformance";
import { instant, type World } from "./scenario.ts";

const HEADERS: Readonly<Record<string, string>> = { authorization: `Bearer ${SIGNING_KEY}` };

type Run = { readonly id: string; readonly functionSlug: string };

/** Resolves, with the instant, when no run is under way any more. Asks again and again: at most a few times, when the app has finished. */
export async function untilEnded(world: Pick<World, "server">): Promise<number> {
  while ((await runsOf(world, "QUEUED,RUNNING")).length > 0);
  return instant();
}

/** Rejects when a run has failed. */
export async function expectNoFailure(world: Pick<World, "server">): Promise<void> {
  const [failed] = await runsOf(world, "FAILED,CANCELLED");
  if (failed === undefined) return;
  const detail = await http(`${world.server.url}/ui/v1/runs/${failed.id}`, { headers: HEADERS });
  const { error } = jsonOf(detail) as { readonly error?: unknown };
  throw new Error(
    `Run ${failed.id} of ${failed.functionSlug} failed, so the figures mean nothing: ${JSON.stringify(error)?.slice(0, 1_000)}`,
  );
}

async function runsOf({ server }: Pick<World, "server">, statuses: string): Promise<readonly Run[]> {
  const answer = await http(`${server.url}/ui/v1/runs?limit=1&status=${statuses}`, { headers: HEADERS });
  if (answer.status !== 200) throw new Error(`Reading runs answered ${answer.status}: ${answer.text}`);
  return (jsonOf(answer) as { readonly items: readonly Run[] }).items;
}
