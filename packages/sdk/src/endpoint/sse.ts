/**
 * Server-sent events of durable endpoints, both ways.
 *
 * Source: wire-protocol 7.9. `outputUrl` is ours: with it, a client that connects too late to hear the end learns it all the same.
 */
import type { ApiResult } from "./api-result.ts";
import { isFailure } from "./api-result.ts";

/** The answer as the stream's last event has it. */
export type StreamedResponse = { readonly body: string; readonly headers: ApiResult["headers"]; readonly statusCode: number };

export type StreamEvents = {
  readonly "inngest.metadata": { readonly runId: string };
  readonly "inngest.stream": { readonly data: unknown; readonly hashedStepId?: string };
  readonly "inngest.commit": { readonly hashedStepId: string | null };
  readonly "inngest.rollback": { readonly hashedStepId: string | null };
  readonly "inngest.redirect_info": { readonly runId: string; readonly url: string; readonly outputUrl?: string };
  readonly "inngest.response": { readonly status: "succeeded" | "failed"; readonly response: StreamedResponse };
};

/** Headers of a stream. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  // Some proxies collect responses unless told not to.
  "x-accel-buffering": "no",
};

/** What the server answers while a run goes on, after five minutes. */
export const RUNNING = "run did not end within 5 minutes";

/** An event as text. */
export function eventText<N extends keyof StreamEvents>(name: N, data: StreamEvents[N]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The last event. */
export function responseText(result: ApiResult): string {
  const { status: statusCode, headers, body } = result;
  return eventText("inngest.response", { status: isFailure(result) ? "failed" : "succeeded", response: { body, headers, statusCode } });
}

export type SseEvent = { readonly name: string; readonly data: string };

/** Reads events from bytes. Comments and fields other than `event` and `data` are passed over. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      text += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event !== undefined) yield event;
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parseBlock(block: string): SseEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^(event|data):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join("\n") };
}
