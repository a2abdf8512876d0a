/**
 * A provider of models, and of anything else, on a port of 127.0.0.1. What it answers is said by the path: `/<status>,<status>…/rest` answers the
 * n-th request to that path with the n-th status, and then with the last; `hang` does not answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A request as it came. */
export type SeenRequest = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
};

type Waiter = { readonly isMet: () => boolean; readonly resolve: () => void };

export class Provider {
  readonly requests: SeenRequest[] = [];
  /** Paths of requests whose sender went away before the answer. */
  readonly brokenOff: string[] = [];
  readonly #server: Server;
  #waiters: Waiter[] = [];
  url = "";

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Starts one. */
  static async start(): Promise<Provider> {
    const provider = new Provider();
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    const address = provider.#server.address();
    provider.url = `http://127.0.0.1:${String(typeof address === "object" && address !== null ? address.port : 0)}`;
    return provider;
  }

  /** Ends it, and what it has not answered. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests to paths that begin so. */
  to(path: string): readonly SeenRequest[] {
    return this.requests.filter((request) => request.path.startsWith(path));
  }

  /** Resolves when what is asked holds, now or after a request came or went. */
  async until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => this.#waiters.push({ isMet, resolve }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const [, script = "", ...rest] = path.split("/");
    const before = this.requests.filter((known) => known.path === path).length;
    this.requests.push({ method, path, headers, body });
    response.on("close", () => {
      if (!response.writableFinished) this.brokenOff.push(path);
      this.#wake();
    });
    this.#wake();
    const statuses = script.split(",");
    const status = statuses[Math.min(before, statuses.length - 1)] ?? "200";
    if (status === "hang") return;
    response.writeHead(Number(status), { "content-type": "application/json", "x-provider": "test" });
    response.end(JSON.stringify(Number(status) > 299 ? { why: `status ${status}` } : answerTo(path, rest.join("/"))));
  }

  #wake(): void {
    const met = this.#waiters.filter(({ isMet }) => isMet());
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve();
  }
}

function answerTo(path: string, rest: string): unknown {
  if (rest.endsWith("chat/completions"))
    return { model: "m-1", choices: [{ message: { content: "hi" } }], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } };
  if (rest.endsWith("messages"))
    return { model: "m-1", content: [{ type: "text", text: "hi" }], usage: { input_tokens: 3, output_tokens: 4 } };
  if (rest.includes(":generateContent"))
    return { candidates: [], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 } };
  return { path };
}
