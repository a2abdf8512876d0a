/**
 * Mode and addresses.
 *
 * `dev`: signatures are not checked, no keys are needed, the server is on this machine. `cloud`: keys are needed and requests must be signed.
 * The mode is `isDev`, else `PAWL_DEV` as a boolean, else dev when `PAWL_DEV` is a URL, else cloud: a forgotten variable must not open an app.
 *
 * Source: wire-protocol 1.2, 1.5.
 */
import type { ServerKind } from "@pawl/protocol";
import type { Environment } from "./environment.ts";

/** Where a server is found when nothing says otherwise. */
export type DefaultOrigins = { readonly api: string; readonly events: string };

/** Address of a server that was started with `pawl dev` or `pawl start` on this machine. */
export const LOCAL_ORIGIN = "http://localhost:8288";

/** Pawl has no hosted service, so the default is this machine in both modes. */
export const LOCAL_ORIGINS: DefaultOrigins = { api: LOCAL_ORIGIN, events: LOCAL_ORIGIN };

export type ModeInput = {
  readonly isDev: boolean | undefined;
  readonly baseUrl: string | undefined;
  readonly environment: Environment;
  /** Defaults of cloud mode. */
  readonly origins: DefaultOrigins;
};

export function resolveMode(input: ModeInput): ServerKind {
  if (input.isDev !== undefined) return input.isDev ? "dev" : "cloud";
  const flag = input.environment.boolean("DEV");
  if (flag !== undefined) return flag ? "dev" : "cloud";
  return devUrl(input.environment) === undefined ? "cloud" : "dev";
}

/** Base of the API: `baseUrl`, then the variables, then the default. Ends in a slash. */
export function resolveApiUrl(input: ModeInput): string {
  return resolveUrl(input, { own: input.environment.get("API_BASE_URL"), fallback: input.origins.api });
}

/** Base of the Event API. Ends in a slash. */
export function resolveEventUrl(input: ModeInput): string {
  return resolveUrl(input, { own: input.environment.get("EVENT_API_BASE_URL"), fallback: input.origins.events });
}

function resolveUrl(input: ModeInput, names: { readonly own: string | undefined; readonly fallback: string }): string {
  const { environment, baseUrl } = input;
  const fallback = resolveMode(input) === "dev" ? LOCAL_ORIGIN : names.fallback;
  return withSlash(withScheme(baseUrl ?? names.own ?? environment.get("BASE_URL") ?? devUrl(environment) ?? fallback));
}

/** The URL in `PAWL_DEV`, if it is one. */
function devUrl(environment: Environment): string | undefined {
  const value = environment.get("DEV");
  if (value === undefined || environment.boolean("DEV") !== undefined) return undefined;
  return URL.canParse(withScheme(value)) ? withScheme(value) : undefined;
}

function withScheme(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`;
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
