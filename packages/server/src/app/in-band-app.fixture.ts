/** An app of its own, on a free port of loopback, that registers in the answer to whoever asks it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type InBandApp = {
  readonly url: string;
  /** How many times it was asked. */
  asked: number;
  /** What it answers from now on: a registration, or a status. */
  answer: object | number;
};

/** Listens until the test has ended. */
export async function inBandApp(answer: InBandApp["answer"]): Promise<InBandApp> {
  const server = createServer((_request, response) => {
    app.asked += 1;
    if (typeof app.answer === "number") response.writeHead(app.answer).end("{}");
    else response.writeHead(200, { "x-inngest-sync-kind": "in_band" }).end(JSON.stringify(app.answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const app: InBandApp = { url: `http://127.0.0.1:${String(port)}/api/pawl`, asked: 0, answer };
  return app;
}

/** A registration as apps answer it. */
export function inBandAnswer(over: Readonly<Record<string, unknown>> = {}): object {
  return { app_id: "shop", sdk_language: "js", sdk_version: "5.0.0", framework: "express", functions: [], ...over };
}
