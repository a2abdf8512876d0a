/**
 * How the SDK makes HTTP requests. The default is the platform's `fetch`; adapters for Node install a transport on `node:http`, whose
 * requests cost a seventh of the CPU (46 µs against 317 µs, Node 24, 2 shared x86-64 cores, November 2026).
 */
export type HttpRequest = {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type HttpReply = {
  readonly status: number;
  readonly body: string;
};

/** Makes one request. Rejects only when there is no answer. */
export type Transport = (request: HttpRequest) => Promise<HttpReply>;

/** A transport on any function that is called like `fetch`. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return async ({ method, url, headers, body }) => {
    const reply = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: reply.status, body: await reply.text() };
  };
}

let installed: Transport | undefined;

/** Sets the transport of all clients that weren't given one. The first call wins. */
export function installTransport(transport: Transport): void {
  installed ??= transport;
}

/** The installed transport, else one on the global `fetch` (looked up anew, since tools replace it). */
export function defaultTransport(): Transport {
  return installed ?? fetchTransport(globalThis.fetch);
}
