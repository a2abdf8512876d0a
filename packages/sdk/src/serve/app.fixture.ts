/** An app that is called without a network. */
import { createHmac } from "node:crypto";
import { canonicalJson } from "@pawl/protocol";
import { Pawl } from "../client/client.ts";
import type { PawlOptions } from "../client/options.ts";
import type { HttpReply, HttpRequest } from "../client/transport.ts";
import { FakeRuntime } from "../run/call.fixture.ts";
import type { ServeOptions } from "./options.ts";
import { createHandler } from "./web.ts";

export const KEY = "signkey-test-8f0e5a3c";
export const OTHER_KEY = "signkey-test-00ff";
export const NOW_S = 1_700_000_000;
export const silent = { debug() {}, info() {}, warn() {}, error() {} };

export type World = {
  readonly handle: (request: Request) => Promise<Response>;
  readonly requests: HttpRequest[];
  readonly client: Pawl;
};

/** An app with one function of two steps, and a server that answers `reply`. */
export function world(
  options: Partial<PawlOptions> = {},
  serve: Partial<ServeOptions> & { readonly reply?: (request: HttpRequest) => HttpReply } = {},
): World {
  const requests: HttpRequest[] = [];
  const transport = async (request: HttpRequest): Promise<HttpReply> => {
    requests.push(request);
    return serve.reply?.(request) ?? { status: 200, body: JSON.stringify({ ok: true, modified: true }) };
  };
  const client = new Pawl({
    id: "shop",
    signingKey: KEY,
    isDev: false,
    logger: silent,
    runtime: new FakeRuntime(),
    transport,
    baseUrl: "http://server.test",
    ...options,
  });
  const fn = client.createFunction(
    { id: "import", retries: 2, onFailure: ({ error, event }) => `${error.message} in ${event.data.run_id}` },
    { event: "catalogue/uploaded" },
    async ({ step }) => {
      const a = await step.run("a", () => 1);
      return step.run("b", () => a + 1);
    },
  );
  return { handle: createHandler({ client, functions: [fn], ...serve }), requests, client };
}

export function sign(body: string, key = KEY, at = NOW_S): string {
  const mac = createHmac("sha256", key.replace(/^signkey-\w+-/, ""))
    .update(body === "" ? "" : canonicalJson(JSON.parse(body)))
    .update(String(at))
    .digest("hex");
  return `t=${at}&s=${mac}`;
}

export const callBody = JSON.stringify({
  version: -1,
  event: { name: "catalogue/uploaded", data: {}, id: "1", ts: 1, user: {} },
  events: [{ name: "catalogue/uploaded", data: {}, id: "1", ts: 1, user: {} }],
  steps: {},
  ctx: {
    run_id: "01HF7YAT00000G40R40M30E20A",
    fn_id: "7f6c",
    attempt: 0,
    max_attempts: 3,
    qi_id: "q",
    stack: { stack: null, current: 0 },
    disable_immediate_execution: false,
    use_api: false,
  },
});

export function post(body: string, headers: Record<string, string> = {}, query = "fnId=shop-import&stepId=step"): Request {
  return new Request(`http://app.test/api/pawl?${query}`, { method: "POST", body, headers });
}
