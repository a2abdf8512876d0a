/**
 * Calls to the server's dashboard API, `/ui/v1`. Every failure is an `ApiError` that people can read.
 *
 * Shapes: `@pawl/protocol`, ui.ts.
 */
import type { UiOk, UiRerunResult, UiSendEvent, UiSendEventResult } from "@pawl/protocol";
import { learnServerTime } from "../time/clock.ts";

const BASE = "/ui/v1";

/** Why a call failed. `status` is 0 when no answer came. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** The next step, where the server knows one. */
  readonly hint: string | undefined;

  constructor(message: string, facts: { readonly code: string; readonly status: number; readonly hint?: string | undefined }) {
    super(message);
    this.name = "ApiError";
    this.code = facts.code;
    this.status = facts.status;
    this.hint = facts.hint;
  }
}

/** Query parameters; undefined and empty ones are left out. */
export type Query = { readonly [name: string]: string | number | undefined };

/** The path below `/ui/v1` with its query, such as `/runs?status=FAILED`. Also the key under which an answer is kept. */
export function pathOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, term] of Object.entries(query)) if (term !== undefined && term !== "") search.set(name, String(term));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Reads JSON. Throws `ApiError`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, signal === undefined ? {} : { signal });
}

/** Sends one event. Throws `ApiError`. */
export async function sendEvent(event: UiSendEvent): Promise<UiSendEventResult> {
  return post("/events", event);
}

/** Cancels a run. Throws `ApiError`: 404 unknown, 409 already ended. */
export async function cancelRun(runId: string): Promise<UiOk> {
  return post(`/runs/${encodeURIComponent(runId)}/cancel`);
}

/** Starts a new run with the same events. Throws `ApiError`. */
export async function rerun(runId: string): Promise<UiRerunResult> {
  return post(`/runs/${encodeURIComponent(runId)}/rerun`);
}

function post<T>(path: string, body: unknown = {}): Promise<T> {
  return call<T>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(BASE + path, init).catch((cause: unknown) => {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError("The server doesn't answer.", { code: "unreachable", status: 0, hint: "Check that the Pawl server is running." });
  });
  learnServerTime(response.headers.get("date"));
  const text = await response.text();
  const body = parse(text);
  if (!response.ok || body === undefined) throw errorOf(response, body);
  return body as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: unknown): ApiError {
  const facts = (body as { readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string } } | undefined)
    ?.error;
  return new ApiError(facts?.message ?? `The server answered ${response.status} ${response.statusText}`.trim() + ".", {
    code: facts?.code ?? "unexpected-answer",
    status: response.status,
    hint: facts?.hint,
  });
}
