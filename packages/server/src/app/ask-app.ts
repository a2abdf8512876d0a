/**
 * Asks an app to register, and reads what it answers.
 *
 * I1  Functions in an answer count only where the answer is not signed or its signature is right: not every SDK signs, but one that does must
 *     have our key.
 *
 * Spec: wire 4.2, 4.6.
 */
import { HEADER, type ServerKind } from "@pawl/protocol";
import { type Dispatcher, request } from "undici";
import { given, isRecord, textOf } from "../json.ts";
import { RefusedAddressError } from "../net/address-policy.ts";
import type { Registration } from "./register.ts";
import { isSignedAnswer, signBody } from "./signature.ts";

const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX: number = 8 * 1024 * 1024;

export type Asker = {
  readonly dispatcher: Dispatcher;
  readonly kind: ServerKind;
  readonly signingKey?: string | undefined;
  /** Another one that apps may sign with, while keys are rotated. */
  readonly signingKeyFallback?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

/** `problem`: the code of what went wrong, or a sentence. `done`: the app was asked; whether it registered shows elsewhere. */
export type AppAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "in-band"; readonly registration: Registration };

/** Asks the app at a URL. Never rejects. */
export async function askApp(url: string, asker: Asker): Promise<AppAnswer> {
  if (!/^https?:/.test(url)) return failed("unsupported_protocol");
  // Such a server lets nobody in, the app neither.
  if (asker.kind === "cloud" && asker.signingKey === undefined) return failed("missing_server_signing_key");
  try {
    const { statusCode, headers, body } = await send(url, asker);
    const text = await boundedText(body);
    if (headers[HEADER.syncKind] === "in_band" && statusCode === 200) {
      if (!isTrusted(text, headers[HEADER.signature], asker)) return failed("response_signature_invalid");
      return inBandAnswer(text, url);
    }
    const problem = problemOf(statusCode, text);
    return problem === undefined ? { kind: "done" } : failed(problem);
  } catch (error) {
    return failed(error instanceof RefusedAddressError ? "address_refused" : "unreachable");
  }
}

function send(url: string, { dispatcher, kind, signingKey, now }: Asker): Promise<Dispatcher.ResponseData> {
  const body = JSON.stringify({ url });
  return request(url, {
    method: "PUT",
    dispatcher,
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
    body,
    headers: {
      "content-type": "application/json",
      [HEADER.serverKind]: kind,
      ...(signingKey === undefined ? {} : { [HEADER.signature]: signBody(body, { signingKey, now: now() }) }),
    },
  });
}

/** Keeps I1. */
function isTrusted(body: string, header: string | string[] | undefined, { signingKey, signingKeyFallback, now }: Asker): boolean {
  if (signingKey === undefined || typeof header !== "string") return true;
  const signingKeys = [signingKey, ...(signingKeyFallback === undefined ? [] : [signingKeyFallback])];
  return isSignedAnswer(body, { header, signingKeys, now: now() });
}

function failed(problem: string): AppAnswer {
  return { kind: "failed", problem };
}

function inBandAnswer(text: string, url: string): AppAnswer {
  const registration = inBandRegistration(text, url);
  if (registration === undefined) return failed("The app's answer says that its functions are in it, but can't be read.");
  return { kind: "in-band", registration };
}

/** What an app registers in its answer; undefined where that is none. */
function inBandRegistration(text: string, url: string): Registration | undefined {
  const reply = jsonOf(text);
  if (!isRecord(reply)) return undefined;
  const { app_id: appName, functions = [], sdk, sdk_language: language, sdk_version: version, framework, appVersion } = reply;
  if (!Array.isArray(functions)) return undefined;
  return {
    appName: textOf(appName),
    url: textOf(reply["url"]) || url,
    sdk: textOf(sdk) || `${textOf(language)}:v${textOf(version)}`,
    framework: textOf(framework),
    method: "serve",
    functions,
    ...given("appVersion", textOf(appVersion) || undefined),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const BAD_REQUEST_CODES: readonly (readonly [text: string, code: string])[] = [
  ["No functions registered", "no_functions"],
  ["function is invalid", "invalid_function"],
  ["You didn't specify your workspace's signing key", "missing_signing_key"],
  ["No INNGEST_ENV branch name found", "missing_branch_env_name"],
];

/** The code of a failure; undefined where it counts as done, if nothing was registered meanwhile. */
function problemOf(status: number, text: string): string | undefined {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "url_not_found";
  // The Python SDK relays the refusal of its registration with the status of success.
  if (status === 200) return fieldOf(text, "error");
  if (status === 500) return messageOf(text) ?? "internal_server_error";
  if (status !== 400) return status < 300 ? undefined : `status_${status}`;
  const message = messageOf(text) ?? "";
  if (message === "Your signing key is invalid") return "invalid_signing_key";
  return BAD_REQUEST_CODES.find(([part]) => message.includes(part))?.[1] ?? (message || "status_400");
}

function messageOf(text: string): string | undefined {
  return fieldOf(text, "message");
}

/** A text of a JSON object that is not empty. */
function fieldOf(text: string, name: "message" | "error"): string | undefined {
  const answer = jsonOf(text);
  return (isRecord(answer) && textOf(answer[name])) || undefined;
}
