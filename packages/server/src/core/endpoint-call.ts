/**
 * The call of a durable endpoint: its first request, made again.
 *
 * I1  It goes to where the first request went, not to where the newest one went: paths with parameters are one function.
 *
 * Spec: wire 7.8.
 */
import type { RunState } from "@pawl/engine";
import { isRecord, textOf } from "../json.ts";

export type EndpointCall = { readonly url: string; readonly method: string; readonly contentType: string; readonly body: string };

const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** The request that started the run; undefined where its event does not describe one. */
export function endpointCallOf({ events }: Pick<RunState, "events">): EndpointCall | undefined {
  const { data } = JSON.parse(events[0] ?? "{}") as { readonly data?: unknown };
  if (!isRecord(data)) return undefined;
  const url = endpointUrl(textOf(data["domain"]), textOf(data["path"], "/"));
  if (url === undefined) return undefined;
  url.search = textOf(data["query_params"]);
  const method = textOf(data["method"], "GET").toUpperCase();
  const body = BODILESS.has(method) ? "" : textOf(data["body"]);
  return { url: url.href, method, contentType: textOf(data["content_type"]), body };
}

/** URL of an endpoint; undefined where it is not an http or https URL. */
export function endpointUrl(domain: string, path: string): URL | undefined {
  if (!/^https?:\/\//i.test(domain)) return undefined;
  const text = `${domain.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}
