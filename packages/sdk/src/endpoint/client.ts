/**
 * For callers of durable endpoints, also in browsers: reads the stream while it comes, wherever the run goes on.
 *
 * I1  The end is learned from the stream or from the run's output, whichever comes first: a client that connects to the second stream when all
 *     is over would hear nothing there.
 *
 * Source: wire-protocol 7.9, sdk 19.
 */
import { readEvents, RUNNING, type SseEvent, type StreamedResponse, type StreamEvents } from "./sse.ts";

export type FetchWithStreamOptions = {
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Options of the request. */
  readonly fetchOpts?: RequestInit;
  /** Which run it is. Called again when the run goes on at the server. */
  readonly onMetadata?: (args: { readonly runId: string }) => void;
  /** A chunk. It counts when `onCommit` is called for its step. */
  readonly onData?: (args: { readonly data: unknown; readonly hashedStepId: string | null }) => void;
  /** The step's chunks (`null`: those outside of steps) are final. */
  readonly onCommit?: (args: { readonly hashedStepId: string | null }) => void;
  /** The step's chunks don't count; it is tried again. */
  readonly onRollback?: (args: { readonly hashedStepId: string | null }) => void;
};

type Redirect = StreamEvents["inngest.redirect_info"];
type End = { readonly kind: "response"; readonly response: Response } | { readonly kind: "redirect"; readonly redirect: Redirect };

/** How long the stream may still bring what the answer has overtaken, milliseconds. */
const OVERTAKEN_MS = 1_000;

/**
 * Calls a durable endpoint and passes on what it streams. Resolves to its answer; to the plain one where it doesn't stream. Rejects when the
 * stream breaks off.
 */
export async function fetchWithStream(url: string | URL, options: FetchWithStreamOptions = {}): Promise<Response> {
  const { fetch = globalThis.fetch, fetchOpts = {} } = options;
  const headers = new Headers(fetchOpts.headers);
  headers.set("accept", "text/event-stream");
  const reply = await fetch(url, { ...fetchOpts, headers });
  const end = isStream(reply) ? await followStream(reply, options) : ({ kind: "response", response: reply } as const);
  if (end === undefined) throw new Error("The stream of the endpoint broke off before its answer.");
  return end.kind === "response" ? end.response : followRun(end.redirect, options);
}

/** Keeps I1. */
async function followRun({ url, outputUrl }: Redirect, options: FetchWithStreamOptions): Promise<Response> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  options.fetchOpts?.signal?.addEventListener("abort", stop, { once: true });
  const { fetch = globalThis.fetch } = options;
  const stream = (async () => {
    // Nothing is streamed but the answer.
    if (url === outputUrl) return undefined;
    const reply = await fetch(url, { headers: { accept: "text/event-stream" }, signal: abort.signal });
    if (!isStream(reply)) return undefined;
    const end = await followStream(reply, options);
    return end?.kind === "response" ? end.response : undefined;
  })().catch(() => undefined);
  const output = outputUrl === undefined ? Promise.resolve(undefined) : outputOf(outputUrl, { fetch, signal: abort.signal });
  try {
    const first = await Promise.race([stream, output.then((response) => response && settle(stream, response))]);
    const response = first ?? (await stream) ?? (await output);
    if (response === undefined) throw new Error("The stream of the run broke off before its answer.");
    return response;
  } finally {
    abort.abort();
    options.fetchOpts?.signal?.removeEventListener("abort", stop);
  }
}

/** The answer, after the stream has had time to say what came before it. */
async function settle(stream: Promise<Response | undefined>, response: Response): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OVERTAKEN_MS);
  });
  const streamed = await Promise.race([stream, late]);
  clearTimeout(timer);
  return streamed ?? response;
}

/** The run's answer; undefined where it can't be had here (another origin, an old token). */
async function outputOf(
  url: string,
  { fetch, signal }: { readonly fetch: typeof globalThis.fetch; readonly signal: AbortSignal },
): Promise<Response | undefined> {
  try {
    for (;;) {
      const reply = await fetch(url, { signal });
      const text = await reply.text();
      if (!text.includes(RUNNING)) return new Response(text === "" ? null : text, { status: reply.status, headers: reply.headers });
    }
  } catch {
    return undefined;
  }
}

/**
 * Passes events on until the answer. A redirect counts when the stream ends without one: some endpoints say early where they would go on.
 * Undefined: the stream broke off before either.
 */
async function followStream(reply: Response, options: FetchWithStreamOptions): Promise<End | undefined> {
  if (reply.body === null) return undefined;
  let redirect: End | undefined;
  for await (const event of readEvents(reply.body)) {
    const end = take(event, options);
    if (end?.kind === "response") return end;
    redirect = end ?? redirect;
  }
  return redirect;
}

function take({ name, data }: SseEvent, options: FetchWithStreamOptions): End | undefined {
  const read = <N extends keyof StreamEvents>(_name: N): StreamEvents[N] => JSON.parse(data) as StreamEvents[N];
  switch (name) {
    case "inngest.metadata":
      options.onMetadata?.(read("inngest.metadata"));
      return undefined;
    case "inngest.stream": {
      const { data: value, hashedStepId = null } = read("inngest.stream");
      options.onData?.({ data: value, hashedStepId });
      return undefined;
    }
    case "inngest.commit":
      options.onCommit?.(read("inngest.commit"));
      return undefined;
    case "inngest.rollback":
      options.onRollback?.(read("inngest.rollback"));
      return undefined;
    case "inngest.redirect_info":
      return { kind: "redirect", redirect: read("inngest.redirect_info") };
    case "inngest.response":
      return { kind: "response", response: responseOf(read("inngest.response")) };
    default:
      return undefined;
  }
}

/** Other servers' SDKs leave out what is empty. */
function responseOf({ response }: { readonly response: Partial<StreamedResponse> }): Response {
  const { body = "", headers = {}, statusCode = 200 } = response;
  const list = new Headers();
  for (const [name, value] of Object.entries(headers)) for (const item of [value].flat()) list.append(name, item);
  return new Response(body === "" ? null : body, { status: statusCode, headers: list });
}

function isStream({ headers }: Response): boolean {
  return headers.get("content-type")?.toLowerCase().includes("text/event-stream") === true;
}
