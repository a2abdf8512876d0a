/**
 * The app as a function from `Request` to `Response`: for Bun, Deno, edge runtimes, and every framework built on the Fetch standard.
 */
import { App } from "./app.ts";
import { HEARTBEAT_MS, type AppRequest, type StreamingResponse } from "./message.ts";
import type { AdapterOptions, ServeOptions } from "./options.ts";

/** Answers requests of the server. Mount it at `/api/pawl` or `/api/inngest`, where servers look for apps by themselves. */
export function createHandler(
  options: ServeOptions,
  adapter: AdapterOptions = { framework: "web" },
): (request: Request) => Promise<Response> {
  const app = new App(options, adapter);
  return async (request) => {
    const response = await app.handleStreaming(readRequest(request));
    const body = "stream" in response ? heartbeatStream(response) : response.body;
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

function readRequest(request: Request): AppRequest {
  return {
    method: request.method,
    url: new URL(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => request.text(),
  };
}

function heartbeatStream(response: StreamingResponse): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async start(controller) {
      const timer = setInterval(() => controller.enqueue(encoder.encode(" ")), HEARTBEAT_MS);
      const text = await response.stream;
      clearInterval(timer);
      controller.enqueue(encoder.encode(text));
      controller.close();
    },
  });
}
