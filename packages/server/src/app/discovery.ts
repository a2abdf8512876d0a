/** Looks for apps where development servers usually are: on loopback, at the usual ports and paths. Spec: wire 4.7. */
import { HEADER } from "@pawl/protocol";
import { type Dispatcher, request } from "undici";

const PROBE_MS_MAX = 2_000;

const PORTS: readonly number[] = [
  80, 443, 3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 4321, 5000, 5173, 8000, 8080, 8081, 8787, 8888, 8910, 8911,
  8912, 8913, 8914, 8915,
];
const PATHS: readonly string[] = ["/api/inngest", "/api/pawl", "/x/inngest", "/.netlify/functions/inngest", "/.redwood/functions/inngest"];

export type DiscoveryOptions = {
  readonly dispatcher: Dispatcher;
  /** Default: those that development servers usually have. */
  readonly ports?: readonly number[] | undefined;
  /** One more. */
  readonly extraPort?: number | undefined;
  readonly found: (url: string) => Promise<unknown>;
};

/** Tries every port, and hands on the first URL of each that an SDK answers at. Resolves when that is done. */
export async function discoverApps({ dispatcher, ports = PORTS, extraPort, found }: DiscoveryOptions): Promise<void> {
  const all = [...ports, ...(extraPort === undefined ? [] : [extraPort])];
  await Promise.all(all.map((port) => tryPort(port, { dispatcher, found })));
}

async function tryPort(port: number, { dispatcher, found }: Pick<DiscoveryOptions, "dispatcher" | "found">): Promise<void> {
  for (const path of PATHS) {
    const url = `http://127.0.0.1:${port}${path}`;
    const who = await probe(url, dispatcher);
    if (who === "nobody") return;
    if (who === "sdk") return void (await found(url));
  }
}

/** `nobody`: nothing listens, so the other paths need no try. */
async function probe(url: string, dispatcher: Dispatcher): Promise<"sdk" | "other" | "nobody"> {
  try {
    const response = await request(url, { dispatcher, headersTimeout: PROBE_MS_MAX, bodyTimeout: PROBE_MS_MAX });
    await response.body.dump();
    return response.headers[HEADER.sdk] === undefined ? "other" : "sdk";
  } catch {
    return "nobody";
  }
}
