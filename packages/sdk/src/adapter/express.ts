/** Express: `app.use("/api/pawl", serve({ client, functions }))`. A body parser before it is allowed and not needed. */
import type { ServeOptions } from "../serve/options.ts";
import { listener, type NodeListener } from "./node.ts";

export type { ServeOptions };
export { endpointAdapter, serveEndpoint } from "./node.ts";

/** The app as Express handler. Mount it before parsers with small limits: it reads bodies of any size itself. */
export function serve(options: ServeOptions): NodeListener {
  return listener(options, "express");
}
