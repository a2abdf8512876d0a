/** What is answered to bytes that are no request, or none that is taken: the shape of errors.ts, written by hand. */
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";
import { errorBody } from "./errors.ts";

type Refusal = { readonly status: number; readonly code: string; readonly message: string };

const REFUSALS: Readonly<Partial<Record<string, Refusal>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: "request_timeout", message: "The request did not arrive in time." },
  HPE_HEADER_OVERFLOW: { status: 431, code: "headers_too_large", message: "The headers are larger than 16 KiB." },
};

const MALFORMED: Refusal = { status: 400, code: "malformed_request", message: "The request is not HTTP/1.1 as this server reads it." };

/** Answers and ends the connection. */
export function answerClientError(error: { readonly code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (!socket.writable) return void socket.destroy();
  const refusal = REFUSALS[error.code ?? ""] ?? MALFORMED;
  const body = JSON.stringify(errorBody(refusal));
  const head = [
    `HTTP/1.1 ${String(refusal.status)} ${STATUS_CODES[refusal.status] ?? ""}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${String(Buffer.byteLength(body))}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
