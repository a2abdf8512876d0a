/** A collector of traces on this machine: takes what is sent by OTLP over HTTP as JSON. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as it was sent. */
export type CollectedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status: { readonly code?: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
};

type ExportBody = {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[] }[];
};

/** Spans of an export's body. */
export function spansOf(body: string): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(body) as ExportBody;
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** Takes exports, and tells of each. */
export class Collector {
  readonly bodies: string[] = [];
  readonly headers: (string | undefined)[] = [];
  readonly #server: Server;
  #told: () => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        this.bodies.push(body);
        this.headers.push(request.headers["api-key"]?.toString());
        response.end("{}");
        this.#told();
      });
    });
  }

  /** Resolves with its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when a body names a text. */
  async named(text: string): Promise<string> {
    return this.#found(() => this.bodies.find((body) => body.includes(text)));
  }

  /** Resolves with the first span that is wanted, when it is there. */
  async span(isWanted: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    return this.#found(() => this.bodies.flatMap(spansOf).find(isWanted));
  }

  async #found<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#told = resolve));
    }
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
