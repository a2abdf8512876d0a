/**
 * The dashboard's addresses: which page a path is, and where the paths of other tools lead.
 *
 * R1  The URL is the state: filters, selection and open panels are in it and survive a reload.
 * R2  Links printed by existing tools keep working by redirection.
 *
 * Spec: dashboard 2.2, 2.3.
 */
export type Route =
  | { readonly page: "runs" }
  | { readonly page: "run"; readonly runId: string }
  | { readonly page: "bulks" }
  | { readonly page: "events" }
  | { readonly page: "functions"; readonly slug?: string }
  | { readonly page: "apps"; readonly appId?: string }
  | { readonly page: "workers" }
  | { readonly page: "keys" }
  | { readonly page: "send" }
  | { readonly page: "not-found" };

/** Pages whose path is their name and nothing more. */
const PLAIN_PAGES = ["bulks", "events", "workers", "send"] as const;

/** The page of a path. */
export function matchRoute(path: string): Route {
  const [head = "", id, ...rest] = path.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { page: "not-found" };
  if (head === "settings") return { page: id === "keys" ? "keys" : "not-found" };
  if (head === "runs") return id === undefined ? { page: "runs" } : { page: "run", runId: decode(id) };
  if (head === "functions") return id === undefined ? { page: "functions" } : { page: "functions", slug: decode(id) };
  if (head === "apps") return id === undefined ? { page: "apps" } : { page: "apps", appId: decode(id) };
  const page = PLAIN_PAGES.find((each) => each === head);
  if (id === undefined && page !== undefined) return { page };
  return { page: "not-found" };
}

/** Where an address of an existing tool leads, as path with query; undefined for one that is ours. Keeps R2. */
export function redirectOf(path: string, query: URLSearchParams): string | undefined {
  switch (path) {
    case "/":
    case "":
      return "/runs";
    case "/run":
      return withId("/runs", query.get("runID"));
    case "/event":
      return query.has("eventID") ? `/events?${new URLSearchParams({ event: query.get("eventID") ?? "" }).toString()}` : "/events";
    case "/stream":
      return "/events";
    case "/functions/config":
      return withId("/functions", query.get("slug"));
    case "/apps/app":
      return withId("/apps", query.get("id"));
    case "/settings":
      return "/settings/keys";
    case "/runs":
      return redirectFilters(query);
    default:
      return undefined;
  }
}

/** The path of a run's page. */
export function runPath(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}

/** The address of an event, beside the list of events. */
export function eventPath(eventId: string): string {
  return `/events?event=${encodeURIComponent(eventId)}`;
}

/** The path of a function's page. */
export function functionPath(slug: string): string {
  return `/functions/${encodeURIComponent(slug)}`;
}

/** The path of an app's panel, beside the list of apps. */
export function appPath(appId: string): string {
  return `/apps/${encodeURIComponent(appId)}`;
}

const FOREIGN_FILTERS: { readonly [name: string]: string } = {
  filterStatus: "status",
  filterApp: "app",
  filterFunction: "function",
  last: "since",
  search: "q",
};

function redirectFilters(query: URLSearchParams): string | undefined {
  const names = Object.keys(FOREIGN_FILTERS).filter((name) => query.has(name));
  if (names.length === 0) return undefined;
  const ours = new URLSearchParams();
  for (const name of names) ours.set(FOREIGN_FILTERS[name] ?? name, firstOfList(query.get(name) ?? ""));
  return `/runs?${ours.toString()}`;
}

/** Other tools write lists as JSON: `["FAILED","RUNNING"]` becomes `FAILED,RUNNING`. */
function firstOfList(text: string): string {
  return text.replaceAll(/[[\]"]/g, "");
}

function withId(base: string, id: string | null): string {
  return id === null || id === "" ? base : `${base}/${encodeURIComponent(id)}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
