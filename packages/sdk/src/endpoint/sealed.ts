/**
 * What the server is told of a durable endpoint's requests and answers, where the client encrypts.
 *
 * I1  An answer is opened for the run that it belongs to, and only for who has a token that the app has closed: the server knows its own tokens,
 *     and must not have answers opened by asking the app for them.
 * I2  Nothing is opened as a body or an answer that the app has not closed as one. What a stranger sends may look like it, so that is closed
 *     even with `decryptOnly`.
 *
 * Source: wire-protocol 13.1; bodies, answers and tokens are ours (the official middleware has none of them).
 */
import { type Encryption, isEncryptedText } from "../encryption/encryption.ts";
import { type ApiResult, isFailure, jsonResult } from "./api-result.ts";

type Claim = { readonly runId: string; readonly token: string };
type Answer = { readonly runId: string; readonly text: string };

const BODY = "endpoint-body";
const ANSWER = "endpoint-answer";
const TOKEN = "endpoint-token";

/** A request's body as the server may know it. An empty one stays empty. */
export function sealBody(encryption: Encryption | undefined, body: string): string {
  if (encryption === undefined || body === "" || isLeftOpen(encryption, body)) return body;
  return encryption.sealText(BODY, body);
}

/** The request with the body that its caller sent. `body`: the one that it has. Throws a DecryptionError when no key fits. */
export function openRequest(
  encryption: Encryption | undefined,
  { request, body }: { readonly request: Request; readonly body: string },
): Request {
  const opened = encryption?.openText(BODY, body);
  return opened === undefined ? request : withBody(request, opened);
}

/** JSON text of an ApiResult as the server may know it: whether the run has failed, and the handler's answer encrypted. */
export function sealAnswer(encryption: Encryption, { runId, text }: Answer): string {
  const result = JSON.parse(text) as ApiResult;
  if (isLeftOpen(encryption, result.body)) return text;
  const sealed = encryption.sealText(ANSWER, JSON.stringify({ run_id: runId, result }));
  // Not the answer's own status: some have no body.
  return JSON.stringify({ ...jsonResult(isFailure(result) ? 500 : 200, null), body: sealed });
}

/** The handler's answer in the text that the server has for it. Throws when no key fits, and when it is that of another run. */
export function openAnswer(encryption: Encryption, { runId, text }: Answer): ApiResult {
  const opened = JSON.parse(encryption.openText(ANSWER, text) ?? "null") as { readonly run_id?: string; readonly result: ApiResult } | null;
  // Keeps I1.
  if (opened?.run_id !== runId) throw new Error("What the server answered with is not the answer of this run.");
  return opened.result;
}

/** The token for callers. Needs no escaping in URLs. */
export function sealToken(encryption: Encryption, claim: Claim): string {
  return btoa(encryption.sealText(TOKEN, JSON.stringify(claim)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The server's token in one that callers have; undefined for any other. */
export function openToken(encryption: Encryption, { runId, token }: Claim): string | undefined {
  try {
    const opened = encryption.openText(TOKEN, atob(token.replaceAll("-", "+").replaceAll("_", "/")));
    const claim = JSON.parse(opened ?? "null") as Claim | null;
    return claim?.runId === runId ? claim.token : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps I2. */
function isLeftOpen(encryption: Encryption, text: string): boolean {
  return encryption.isDecryptOnly && !isEncryptedText(text);
}

/** Of the class that the framework gave, whose further members handlers may use. */
function withBody(request: Request, body: string): Request {
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const RequestClass = request.constructor as typeof Request;
  return new RequestClass(request, { headers, body });
}
