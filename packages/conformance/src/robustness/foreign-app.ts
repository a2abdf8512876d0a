/** An app that is none: a server whose answers a test chooses, registered by hand. */
import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { http, type HttpAnswer } from "../harness/http.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS } from "../harness/watch.ts";

export type Answer = (response: ServerResponse) => void;

export type ForeignApp = {
  readonly url: string;
  /** What is answered to calls of a function, by its id. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
};

/** Starts it on a free port of 127.0.0.1. */
export async function startForeignApp(): Promise<ForeignApp> {
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const fnId = new URL(request.url ?? "/", "http://localhost").searchParams.get("fnId") ?? "";
    request.resume().once("end", () => answers.get(fnId)?.(response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/api`,
    answers,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export type ForeignFunction = { readonly id: string; readonly trigger: Readonly<Record<string, unknown>> };

/** Registers functions as an SDK would. None is retried. */
export function registerForeign(
  { url }: Pick<ServerProcess, "url">,
  {
    app,
    appName,
    functions,
  }: { readonly app: Pick<ForeignApp, "url">; readonly appName: string; readonly functions: readonly ForeignFunction[] },
): Promise<HttpAnswer> {
  return http(`${url}/fn/register`, {
    headers: MANAGEMENT_HEADERS,
    body: {
      appName,
      url: app.url,
      sdk: "js:v4.24.0",
      framework: "nodejs",
      deployType: "ping",
      v: "0.1",
      functions: functions.map(({ id, trigger }) => ({
        id: `${appName}-${id}`,
        name: id,
        triggers: [trigger],
        steps: {
          step: { id: "step", name: "step", runtime: { type: "http", url: `${app.url}?fnId=${id}&stepId=step` }, retries: { attempts: 0 } },
        },
      })),
    },
  });
}
