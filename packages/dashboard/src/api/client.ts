/**
 * Calls to the server's dashboard API, `/ui/v1`. Every failure is an `ApiError` that people can read.
 *
 * Shapes: `@pawl/protocol`, ui.ts.
 */
import type {
  RunStatus,
  UiApiKey,
  UiBulk,
  UiNewApiKey,
  UiOk,
  UiPauseMode,
  UiRerunResult,
  UiSendEvent,
  UiSendEventResult,
  UiSyncResult,
} from "@pawl/protocol";
import { learnServerTime } from "../time/clock.ts";
import { setSignedOut } from "./session.ts";

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

/** A step to begin at, and arguments in the place of its own. */
export type RerunFrom = { readonly stepId: string; readonly input?: readonly unknown[] };

/** Starts a new run with the same events, from the beginning or from a step. Throws `ApiError`. */
export async function rerun(runId: string, fromStep?: RerunFrom): Promise<UiRerunResult> {
  return post(`/runs/${encodeURIComponent(runId)}/rerun`, fromStep === undefined ? {} : { fromStep });
}

/** Pauses a function. Throws `ApiError`. */
export async function pauseFunction(slug: string, mode: UiPauseMode): Promise<UiOk> {
  return post(`/functions/${encodeURIComponent(slug)}/pause`, { mode });
}

/** Resumes a function. Throws `ApiError`. */
export async function resumeFunction(slug: string): Promise<UiOk> {
  return post(`/functions/${encodeURIComponent(slug)}/resume`);
}

/**
 * Asks an app to register, where it is or at another URL. Throws `ApiError`: 422 `app-sync-failed` with a sentence that says why, 400 for
 * what is no URL.
 */
export async function syncApp(appId: string, url?: string): Promise<UiSyncResult> {
  return post(`/apps/${encodeURIComponent(appId)}/sync`, url === undefined ? {} : { url });
}

/** What a bulk operation is to do. Instants in milliseconds since the epoch. */
export type BulkRequest = {
  readonly kind: UiBulk["kind"];
  readonly functionSlug: string;
  readonly from?: number;
  readonly statuses: readonly RunStatus[];
  readonly if?: string;
  readonly perSecond?: number;
};

/** Makes a bulk operation, which begins after the server's time for undoing. Throws `ApiError`. */
export async function createBulk(request: BulkRequest): Promise<UiBulk> {
  return post("/bulks", request);
}

/** Undoes an operation that has not begun, or stops one that has. Throws `ApiError`: 409 already ended. */
export async function stopBulk(id: string): Promise<{ readonly result: "undone" | "stopped" }> {
  return call(`/bulks/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** A new key: `expiresAt` in milliseconds since the epoch, absent for one that does not end by itself. */
export type KeyRequest = Pick<UiApiKey, "name" | "scopes" | "expiresAt">;

/** Makes an API key; the only answer that has its secret. Throws `ApiError`. */
export async function createKey(request: KeyRequest): Promise<UiNewApiKey> {
  return post("/keys", request);
}

/** Takes an API key back. Throws `ApiError`: 404 there is none. */
export async function revokeKey(id: string): Promise<UiOk> {
  return call(`/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Opens a session with the server's signing key. Throws `ApiError`: 401 for a wrong one. */
export async function signIn(key: string): Promise<UiOk> {
  return post("/login", { key });
}

/** Ends the session. Throws `ApiError`. */
export async function signOut(): Promise<UiOk> {
  return post("/logout");
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
  if (response.status === 401) setSignedOut(true);
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
