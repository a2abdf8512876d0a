/** Hono: `app.on(["GET", "PUT", "POST"], "/api/pawl", serve({ client, functions }))`. */
import type { Variables } from "../client/environment.ts";
import type { ServeOptions } from "../serve/options.ts";
import { createHandler } from "../serve/web.ts";

export type { ServeOptions };

/** What is used of Hono's context. */
type HonoContext = { readonly req: { readonly raw: Request }; readonly env?: unknown };

/** The app as Hono handler. On platforms that hand out environment variables with the request, they are taken from the context. */
export function serve(options: ServeOptions): (context: HonoContext) => Promise<Response> {
  const handle = createHandler(options, { framework: "hono" });
  return (context) => {
    const { env } = context;
    if (isVariables(env)) options.client.setEnvVars(env);
    return handle(context.req.raw);
  };
}

/** On Node, Hono's `env` holds the request and response, on workers the variables. */
function isVariables(env: unknown): env is Variables {
  return typeof env === "object" && env !== null && !("incoming" in env) && Object.values(env).some((value) => typeof value === "string");
}
