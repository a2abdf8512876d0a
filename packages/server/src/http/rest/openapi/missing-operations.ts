/** What a self-hosted server does not have: method, path within `/v2`, and what it is. Spec: wire 11.4. */
import type { Method } from "./operation.ts";

export const MISSING: readonly (readonly [Method, string, string])[] = [
  ["POST", "/envs", "Creating environments"],
  ["PATCH", "/envs/:id", "Changing environments"],
  ["GET", "/partner/accounts", "Partner accounts"],
  ["POST", "/partner/accounts", "Partner accounts"],
  ["GET", "/env/webhooks", "Webhooks"],
  ["POST", "/env/webhooks", "Webhooks"],
  ["GET", "/experiments", "Experiments"],
  ["GET", "/apps/:appId/functions/:functionId/experiments", "Experiments"],
  ["GET", "/apps/:appId/functions/:functionId/experiments/:experimentId", "Experiments"],
  ["GET", "/sessions", "Sessions"],
  ["GET", "/sessions/:key", "Sessions"],
  ["GET", "/sessions/:key/:id/runs", "Sessions"],
  ["GET", "/insights/tables", "Insights"],
  ["GET", "/insights/events/schemas", "Insights"],
  ["POST", "/insights/query", "Insights"],
  ["POST", "/insights/query/prompt", "Insights"],
  ["GET", "/sandboxes", "Sandboxes"],
  ["POST", "/sandboxes", "Sandboxes"],
  ["GET", "/sandboxes/:id", "Sandboxes"],
  ["DELETE", "/sandboxes/:id", "Sandboxes"],
  ["GET", "/sandboxes/:id/*", "Sandboxes"],
  ["POST", "/sandboxes/:id/*", "Sandboxes"],
  ["DELETE", "/sandboxes/:id/*", "Sandboxes"],
];
