/** `POST`/`PUT /fn/register`, `DELETE /fn/remove`. Spec: wire 4.3, 4.11. */
import { HEADER } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { archiveApp } from "../app/archive-app.ts";
import { isSameUrl, normalizeAppUrl } from "../app/app-url.ts";
import { registerApp, type Registration, type RegistrationProblem } from "../app/register.ts";
import { textOf } from "../json.ts";
import { readBodiesAsJson } from "./any-json.ts";
import { requireSigningKey } from "./auth.ts";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";

const BODY_BYTES_MAX: number = 16 * 1024 * 1024;

/** Adds the routes. */
export function registerRoutes(app: FastifyInstance, context: ServerContext): void {
  app.addHook("onRequest", requireSigningKey(context));
  readBodiesAsJson(app, BODY_BYTES_MAX);
  app.post("/fn/register", (request, reply) => register(context, request, reply));
  app.put("/fn/register", (request, reply) => register(context, request, reply));
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
    scope.delete("/fn/remove", (request, reply) => remove(context, request, reply));
  });
}

async function register(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const expected = request.headers[HEADER.expectedServerKind];
  if (typeof expected === "string" && expected !== "" && expected !== context.kind) {
    const message = `Expected server kind ${context.kind}, got ${expected}`;
    return sendError(reply, { status: 400, code: "invalid_request", message });
  }
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const field = (name: string): unknown => fieldOf(body, name);
  const appVersion = textOf(field("appVersion"));
  const functions = field("functions") ?? [];
  if (!Array.isArray(functions))
    return sendError(reply, { status: 400, code: "invalid_request", message: "Invalid request: functions must be a list" });
  const url = textOf(field("url"));
  const registration: Registration = {
    appName: textOf(field("appName")),
    url,
    sdk: textOf(field("sdk")),
    framework: textOf(field("framework")),
    method: textOf(field("deployType"), "ping") === "connect" ? "connect" : "serve",
    functions,
    ...(appVersion === "" ? {} : { appVersion }),
  };
  const asked = normalizeAppUrl(url) ?? url;
  const origin = registration.method === "connect" ? undefined : context.sync.originOf(asked);
  const result = await registerApp(context.engine, registration, origin);
  context.sync.took(asked, result);
  if (result.kind === "registered")
    return reply.send({ ok: true, modified: result.isModified, sync_id: result.syncId, app_id: result.appId });
  context.logger.warn(
    { app: field("appName"), code: result.code, problems: result.problems.map(({ message }) => message) },
    "a registration was refused",
  );
  const data = result.problems.length === 0 ? {} : { data: { errors: result.problems } };
  return sendError(reply, { status: 400, code: result.code, message: withProblems(result.message, result.problems), ...data });
}

async function remove(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { url: given } = request.query as { readonly url?: unknown };
  const url = textOf(given ?? new URLSearchParams(textOf(request.body)).get("url"));
  const normalized = normalizeAppUrl(url);
  const app =
    normalized === undefined
      ? undefined
      : context.engine.registry.apps().find((candidate) => isSameUrl(candidate.url, normalized) && candidate.archivedAt === undefined);
  if (app === undefined) return sendError(reply, { status: 404, code: "not_found", message: `App not found: ${url}` });
  await archiveApp(context.engine, app);
  return reply.code(200).send("");
}

/** The field with exactly this name, else the first that differs in case only: the Python SDK writes `appname`. */
function fieldOf(body: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(body, name)) return body[name];
  const key = Object.keys(body).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : body[key];
}

/** The apps' SDKs print the sentence and nothing else, so the problems belong into it. */
function withProblems(message: string, problems: readonly RegistrationProblem[]): string {
  return problems.length === 0 ? message : `${message}: ${problems.map((problem) => problem.message).join("; ")}`;
}
