/** Sends traces over the network. */
import { Agent, request } from "undici";
import type { SendTraces } from "./trace-exporter.ts";

const ANSWER_MS_MAX = 10_000;

/**
 * Sends to the collector at an address: that of its traces, such as `http://collector:4318/v1/traces`. `headers`: for its keys.
 */
export function sendTracesTo(url: string, headers: Readonly<Record<string, string>>): SendTraces {
  const dispatcher = new Agent({
    connections: 1,
    connect: { timeout: ANSWER_MS_MAX },
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  });
  return async (body) => {
    const answer = await request(url, { method: "POST", dispatcher, body, headers: { "content-type": "application/json", ...headers } });
    await answer.body.dump();
    return answer.statusCode;
  };
}
