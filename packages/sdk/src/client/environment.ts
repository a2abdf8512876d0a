/**
 * Environment variables. Each setting has a name of ours, `PAWL_…`, and the protocol's, `INNGEST_…`; ours wins.
 *
 * I1  Only the names below are read, and logging the object shows none of the values.
 *
 * Source: wire-protocol 1.3.
 */

export type Variables = Readonly<Record<string, string | undefined>>;

/** Settings, without their prefix. */
export type SettingName =
  | "DEV"
  | "EVENT_KEY"
  | "SIGNING_KEY"
  | "SIGNING_KEY_FALLBACK"
  | "ENV"
  | "BASE_URL"
  | "API_BASE_URL"
  | "EVENT_API_BASE_URL"
  | "SERVE_ORIGIN"
  | "SERVE_HOST"
  | "SERVE_PATH"
  | "STREAMING"
  | "ALLOW_IN_BAND_SYNC"
  | "ENABLE_UNAUTHED_SYNC"
  | "CONNECT_MAX_WORKER_CONCURRENCY"
  | "CONNECT_GATEWAY_URL";

/** Variables in which hosts put the name of the branch; the first that isn't empty wins. */
const BRANCH_NAMES = [
  "BRANCH_NAME",
  "VERCEL_GIT_COMMIT_REF",
  "BRANCH",
  "CF_PAGES_BRANCH",
  "RENDER_GIT_BRANCH",
  "RAILWAY_GIT_BRANCH",
] as const;

export class Environment {
  private readonly read: () => Variables;

  /** `read` is called for each look-up, because some platforms hand their variables out with the first request. */
  constructor(read: () => Variables) {
    this.read = read;
  }

  /** A setting; `undefined` when it isn't set or is empty. */
  get(name: SettingName): string | undefined {
    const variables = this.read();
    return filled(variables[`PAWL_${name}`]) ?? filled(variables[`INNGEST_${name}`]);
  }

  /** A setting as boolean; `undefined` when it isn't one. */
  boolean(name: SettingName): boolean | undefined {
    return parseBoolean(this.get(name));
  }

  /** Name of the branch environment. */
  branch(): string | undefined {
    const variables = this.read();
    return this.get("ENV") ?? BRANCH_NAMES.map((name) => filled(variables[name])).find((value) => value !== undefined);
  }

  /** Label of the host, for the header `X-Inngest-Platform`. */
  platform(): string | undefined {
    const variables = this.read();
    if (variables["VERCEL"] === "1") return "vercel";
    if (variables["NETLIFY"] === "true") return "netlify";
    if (variables["CF_PAGES"] === "1") return "cloudflare-pages";
    if (variables["RENDER"] === "true") return "render";
    return filled(variables["RAILWAY_ENVIRONMENT"]) === undefined ? undefined : "railway";
  }

  toJSON(): string {
    return "[Environment]";
  }
}

/** The value, unless it is empty: a variable set to nothing is not set. */
export function filled(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value;
}

/** `true`/`1` and `false`/`0`, in any case; `undefined` for anything else. */
export function parseBoolean(value: string | undefined): boolean | undefined {
  const text = value?.trim().toLowerCase();
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : undefined;
}

/** The process's variables, where there is a process. */
export function processVariables(): Variables {
  const scope = globalThis as { process?: { env?: Variables } };
  return scope.process?.env ?? {};
}
