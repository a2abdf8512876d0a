/**
 * A handler's answer in the form in which it is stored and sent again.
 *
 * I1  The answer is text. What isn't is refused at once, and not only when the run has gone on without its caller.
 *
 * Source: wire-protocol 6.16.
 */
import { NonRetriableError } from "../error/errors.ts";

export type ApiResult = {
  readonly status: number;
  /** Lower-case names; a list where a header occurs more than once (cookies). */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
};

/** Answers that have no body by definition: `Response` refuses even an empty text. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Statuses from here on are failures. */
const FAILURE_STATUS_MIN = 500;

/** Reads a handler's answer (keeps I1). Rejects with a NonRetriableError when it is none. */
export async function readAnswer(answer: unknown): Promise<ApiResult> {
  if (!isResponse(answer)) throw new NonRetriableError(`A durable endpoint must answer with a Response, not ${typeof answer}.`);
  if (answer.status < 200) throw new NonRetriableError("The handler answered with Response.error(), which is no HTTP answer.");
  return { status: answer.status, headers: headersOf(answer.headers), body: decode(await answer.arrayBuffer()) };
}

/** The answer as the caller gets it. */
export function toResponse({ status, headers, body }: ApiResult): Response {
  const list = new Headers();
  for (const [name, value] of Object.entries(headers)) for (const item of [value].flat()) list.append(name, item);
  return new Response(BODILESS.has(status) ? null : body, { status, headers: list });
}

/** An answer with a JSON body. */
export function jsonResult(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): ApiResult {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export function isFailure({ status }: ApiResult): boolean {
  return status >= FAILURE_STATUS_MIN;
}

/** By shape, because frameworks bring classes of their own. */
export function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value && "arrayBuffer" in value;
}

function headersOf(headers: Headers): ApiResult["headers"] {
  const list: Record<string, string | readonly string[]> = {};
  headers.forEach((value, name) => {
    list[name] = value;
  });
  const cookies = headers.getSetCookie();
  if (cookies.length > 1) list["set-cookie"] = cookies;
  // About the text as it was encoded for this one answer.
  delete list["content-length"];
  return list;
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NonRetriableError(
      "The answer of a durable endpoint must be text, because it is stored. Answer with a link to the file instead.",
    );
  }
}
