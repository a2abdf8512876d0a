/**
 * What must be true of every answer, whatever was asked.
 *
 * I1  No 5xx but those that are meant: 501 (not part of a self-hosted server), 503 (come back later), and what a durable endpoint's run
 *     failed with (wire 7.7).
 * I2  A refusal has the shape of its API: a code and a sentence.
 * I3  No key is in an answer or in the log, but in the answers whose purpose it is.
 */
import type { FuzzServer, Route } from "./fuzz-server.fixture.ts";

export type Answered = { readonly status: number; readonly contentType: string; readonly text: string };

const MEANT: ReadonlySet<number> = new Set([501, 503]);

/** Routes that tell a key: the list of keys of REST v2, and a worker's own key that it had sent. */
const TELLS_KEYS = /^(?:\/api)?\/v2\/keys\/|^\/v0\/(?:connect\/)?start$/;

/** A key that was used before is answered with 409 and the run of then (wire 11.4). */
const DUPLICATES = /^(?:\/api)?\/v2\/apps\/:appId\/functions\/:functionId\/invoke$/;

/** What is wrong with an answer; undefined where nothing is. */
export function problemOf({ method, url }: Route, answered: Answered, fuzz: FuzzServer): string | undefined {
  const { status, text } = answered;
  if (url.endsWith("/output") && status === 500 && "message" in (JSON.parse(text) as object)) return undefined;
  if (status >= 500 && !MEANT.has(status))
    return `answered ${String(status)}: ${text.slice(0, 500)}; log: ${fuzz.logLines.slice(-3).join("\n")}`;
  if (status >= 400 && !(status === 409 && DUPLICATES.test(url))) {
    const problem = refusalProblem(answered);
    if (problem !== undefined) return `refused with ${String(status)} and ${problem}: ${text.slice(0, 500)}`;
  }
  const secrets = secretsOf(fuzz);
  if (!TELLS_KEYS.test(url) && secrets.some((secret) => text.includes(secret))) return `the answer of ${method} ${url} tells a key`;
  const line = fuzz.logLines.find((candidate) => secrets.some((secret) => candidate.includes(secret)));
  fuzz.logLines.length = 0;
  return line === undefined ? undefined : `a line of the log tells a key: ${line.slice(0, 500)}`;
}

function secretsOf({ keys, eventKey }: FuzzServer): readonly string[] {
  return [eventKey, ...[...keys].filter(([credential]) => credential !== "wrong").map(([, key]) => key)];
}

/** The reference's sentence where its clients look for it (wire 3.3). */
const PLAIN_401 = "Authentication failed";

function refusalProblem({ status, contentType, text }: Answered): string | undefined {
  if (status === 401 && contentType.startsWith("text/plain") && text === PLAIN_401) return undefined;
  if (!contentType.startsWith("application/json")) return `content of type ${contentType}`;
  const found = refusalIn(JSON.parse(text));
  if (found === undefined) return "no refusal";
  const { code, sentence } = found;
  if (typeof code !== "number" && (typeof code !== "string" || !/^[A-Za-z]+(?:[-_][A-Za-z0-9]+)*$/.test(code)))
    return `no code, ${String(code)}`;
  return typeof sentence === "string" && sentence !== "" ? undefined : "no sentence";
}

type Json = Readonly<Record<string, unknown>>;

/** Event API and v1: `{code, error}`; v2: `{errors: [{code, message}]}`; GraphQL: code in extensions; dashboard and MCP: `{error}`. */
function refusalIn(body: Json): { readonly code: unknown; readonly sentence: unknown } | undefined {
  const [first] = Array.isArray(body["errors"]) ? (body["errors"] as readonly Json[]) : [];
  if (first !== undefined)
    return { code: first["code"] ?? (first["extensions"] as Json | undefined)?.["code"], sentence: first["message"] };
  const { error } = body;
  if (typeof error === "object" && error !== null) return { code: (error as Json)["code"], sentence: (error as Json)["message"] };
  if (typeof error === "string") return { code: body["code"], sentence: error };
  // OpenTelemetry's exporters read `{code, message}`, its code a number.
  return typeof body["code"] === "number" ? { code: body["code"], sentence: body["message"] } : undefined;
}
