/** Sends events as any sender does: by the Event API. */
import { http, jsonOf } from "./http.ts";
import { EVENT_KEY, type ServerProcess } from "./server-process.ts";

export type TestEvent = { readonly name: string; readonly data: Readonly<Record<string, unknown>>; readonly id?: string };

/** Sends events in one request. Resolves with their ids when they are acknowledged; rejects when they are refused. */
export async function sendEvents({ url }: Pick<ServerProcess, "url">, events: readonly TestEvent[]): Promise<readonly string[]> {
  const answer = await http(`${url}/e/${EVENT_KEY}`, { body: events });
  if (answer.status !== 200) throw new Error(`Sending events answered ${answer.status}: ${answer.text}`);
  return (jsonOf(answer) as { readonly ids: readonly string[] }).ids;
}
