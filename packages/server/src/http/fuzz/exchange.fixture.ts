/** Sends a fuzz's request, and reads what is answered; time passes for who waits, so that nothing can wait for ever. */
import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { ManualClock } from "../../ports/manual-clock.fixture.ts";
import { settled } from "../../ports/manual-clock.fixture.ts";
import { QUERIES, RUN_ID } from "./examples.fixture.ts";
import type { FuzzServer, Route } from "./fuzz-server.fixture.ts";
import type { Answered } from "./judge.fixture.ts";
import type { FuzzRequest } from "./requests.fixture.ts";

/** Turns of the event loop before time passes: longer than anything takes that needs no time. */
const TURNS = 300;
/** Half minutes before something is taken to hang: more than the longest wait, of five minutes. */
const HALF_MINUTES = 20;

const READING_TURNS = 100_000;

/** Waits for something that time may have to pass for. Throws where it does not come. */
export async function within<T>(clock: ManualClock, waited: Promise<T>): Promise<T> {
  let isDone = false;
  const done = waited.finally(() => (isDone = true));
  done.catch(() => {});
  for (let turn = 0; turn < TURNS && !isDone; turn++) await settled();
  for (let turn = 0; turn < HALF_MINUTES && !isDone; turn++) await clock.advance(30_000);
  // Files are read in real time.
  for (let turn = 0; turn < READING_TURNS && !isDone; turn++) await settled();
  if (!isDone) throw new Error("There is no answer after ten minutes.");
  return done;
}

/** Sends a request to a route. */
export async function exchange(fuzz: FuzzServer, { method, url }: Route, request: FuzzRequest): Promise<Answered> {
  const { headers, body, credential } = request;
  const key = fuzz.keys.get(credential);
  const sent = fuzz.server.http.inject({
    method: method as "GET",
    url: `${pathOf(fuzz, url, request)}${queryOf(fuzz, `${method} ${url}`, request)}`,
    headers: {
      host: "localhost:8288",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    payloadAsStream: true,
    ...(body === undefined ? {} : { payload: withRunId(body, fuzz) }),
  });
  const response = await within(fuzz.server.clock, sent);
  const contentType = String(response.headers["content-type"] ?? "");
  const stream = response.stream();
  // A stream has no end of its own.
  const text = contentType.startsWith("text/event-stream")
    ? leave(response.raw.res, stream)
    : await within(fuzz.server.clock, textOf(stream));
  return { status: response.statusCode, contentType, text };
}

/** Half of the bodies ask about a run that exists. */
function withRunId(body: Buffer, { ids }: FuzzServer): Buffer {
  if (body.length % 2 === 0) return body;
  return Buffer.from(body.toString("latin1").replaceAll(RUN_ID, ids["runId"] ?? RUN_ID), "latin1");
}

function leave(response: ServerResponse, stream: Readable): string {
  stream.on("error", () => {});
  stream.destroy();
  response.destroy();
  response.emit("close");
  return "";
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString();
}

/** A query of "known" is one that the route takes, where there is one. */
function queryOf({ tokens }: FuzzServer, name: string, { query }: FuzzRequest): string {
  if (query !== "known") return query;
  return (QUERIES[name] ?? "").replace(/\{(\w+)\}/g, (_match, token: string) => tokens[token] ?? "");
}

/** The address with its parameters filled in. Event keys are only known to the server for others. */
function pathOf({ ids, eventKey }: FuzzServer, url: string, { params }: FuzzRequest): string {
  let index = 0;
  return url.replace(/:([a-zA-Z]+)|\*/g, (_match, name: string | undefined) => {
    const param = params[index++] ?? "known";
    if (param !== "known") return encodeURIComponent(param.toWellFormed());
    return encodeURIComponent(url === "/e/:key" ? eventKey : (ids[name ?? ""] ?? "x"));
  });
}
