/** Fastify: `fastify.register(pawl, { client, functions })`. */
import { CALL_BODY_BYTES_MAX } from "@pawl/protocol";
import { App } from "../serve/app.ts";
import type { ServeOptions } from "../serve/options.ts";
import { handleNodeRequest, type ParsedRequest } from "./node-http.ts";
import { installNodePlatform } from "./node-platform.ts";
import type { ServerResponse } from "node:http";

export type { ServeOptions };

/** What is used of Fastify's instance. */
type Instance = {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: string,
    options: { parseAs: "string" },
    parser: (request: unknown, body: string, done: (error: null, body: string) => void) => void,
  ): unknown;
  route(options: { method: string[]; url: string; bodyLimit: number; handler: (request: Request, reply: Reply) => unknown }): unknown;
};
type Request = { readonly raw: object; readonly body: unknown };
type Reply = { readonly raw: object; hijack(): unknown };

/** Twice the protocol's limit, for what isn't counted there. Fastify's own limit of 1 MiB is below what a run's state may need. */
const BODY_BYTES_MAX: number = 2 * CALL_BODY_BYTES_MAX;

/** Fastify plugin that answers on `servePath`, or on both `/api/pawl` and `/api/inngest`. */
export async function pawl(instance: object, options: ServeOptions): Promise<void> {
  installNodePlatform();
  const fastify = instance as Instance;
  const app = new App(options, { framework: "fastify" });
  // Within this plugin only: the text is needed as it came, for its signature.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  const handler = async ({ raw, body }: Request, reply: Reply): Promise<void> => {
    reply.hijack();
    await handleNodeRequest(app, Object.assign(raw, { body }) as ParsedRequest, reply.raw as ServerResponse);
  };
  for (const url of options.servePath === undefined ? ["/api/pawl", "/api/inngest"] : [options.servePath]) {
    fastify.route({ method: ["GET", "PUT", "POST"], url, bodyLimit: BODY_BYTES_MAX, handler });
  }
}
