/** `/ui/v1/keys` and `/ui/v1/access`: keys for programs, and which keys the server asks for. Shapes: `@pawl/protocol`, ui.ts. */
import type { UiAccess, UiApiKeyList, UiNewApiKey, UiOk } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { API_SCOPES } from "../../core/api-keys.ts";
import { given, isRecord } from "../../json.ts";
import { needsEventKey, needsKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { masked } from "../rest/v2-routes.ts";
import { invalid, UiRefusal } from "./ui-error.ts";

type IdRequest = FastifyRequest<{ readonly Params: { readonly id: string } }>;

const KEY_NAME_CHARS_MAX = 100;

/** Adds the routes. */
export function keyRoutes(app: FastifyInstance, context: ServerContext): void {
  const { apiKeys } = context.engine;
  app.get("/access", async (): Promise<UiAccess> => accessOf(context));
  app.get("/keys", async (): Promise<UiApiKeyList> => ({ items: apiKeys.list() }));
  app.post("/keys", async ({ body }): Promise<UiNewApiKey> => apiKeys.create(readKey(body, context.engine.clock.now())));
  app.delete("/keys/:id", async ({ params: { id } }: IdRequest): Promise<UiOk> => {
    if (!(await apiKeys.revoke(id))) throw new UiRefusal(`No API key has the id ${id}.`, { status: 404, code: "key-not-found" });
    return { ok: true };
  });
}

function accessOf(context: ServerContext): UiAccess {
  const { signingKey, signingKeyFallback, eventKeys } = context;
  return {
    isKeyNeeded: needsKey(context),
    isEventKeyNeeded: needsEventKey(context),
    signingKeys: [signingKey, signingKeyFallback].filter((key) => key !== undefined).map(masked),
    eventKeys: eventKeys.map(masked),
  };
}

function readKey(body: unknown, now: number): Parameters<ServerContext["engine"]["apiKeys"]["create"]>[0] {
  const { name, scopes, expiresAt } = isRecord(body) ? body : {};
  if (typeof name !== "string" || name === "" || name.length > KEY_NAME_CHARS_MAX)
    throw invalid(`name must be a text of at most ${String(KEY_NAME_CHARS_MAX)} characters.`);
  const known = Array.isArray(scopes) ? scopes.map((scope) => API_SCOPES.find((candidate) => candidate === scope)) : [];
  if (known.length === 0 || known.includes(undefined)) throw invalid(`scopes must be a list of ${API_SCOPES.join(", ")}.`);
  if (expiresAt !== undefined && !(typeof expiresAt === "number" && expiresAt > now))
    throw invalid("expiresAt must be an instant in the future, in milliseconds since the epoch.");
  return { name, scopes: known.filter((scope) => scope !== undefined), ...given("expiresAt", expiresAt) };
}
