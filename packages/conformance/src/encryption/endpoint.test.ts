/** Encryption of durable endpoints: callers see values, the server sees ciphertext, before and after a run goes on without its caller. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { Pawl } from "pawl";
import { encryption } from "pawl/encryption";
import { serveEndpoint } from "pawl/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadEndpoints } from "../endpoint/load-endpoints.ts";
import { http } from "../harness/http.ts";
import { EVENT_KEY, SIGNING_KEY } from "../harness/server-process.ts";
import { type Keys, OPEN, SECRET, Vault } from "./vault.ts";

const OLD: Keys = { key: "the old key" };
const ROTATED: Keys = { key: "the new key", fallbackDecryptionKeys: [OLD.key] };

let vault: Vault;
let app: ReturnType<typeof createServer>;
let url: string;
/** Bodies that handlers were given. */
let bodies: Set<string>;
/** Results of steps, as they were made. */
let ran: string[];
/** By path. */
let listeners: Readonly<Record<string, RequestListener>>;

/** The app with these keys, from now on. */
function deploy(keys: Keys): void {
  const options = { id: "shop", baseUrl: vault.server.url, eventKey: EVENT_KEY, signingKey: SIGNING_KEY, isDev: false };
  const client = new Pawl({ ...options, encryption: encryption(keys) });
  const bodyOf = async (request: Request): Promise<string> => {
    const body = await request.text();
    bodies.add(body);
    return body;
  };
  const made = (value: string): string => (ran.push(value), value);
  const asyncRedirectUrl = "/wait";
  const atOnce = client.endpoint(
    async (request, { step }) => {
      const body = await bodyOf(request);
      return Response.json({ body, step: await step.run("a", () => made(`${SECRET} at once`)) });
    },
    { asyncRedirectUrl },
  );
  const later = client.endpoint(
    async (request, { step, stream }) => {
      const body = await bodyOf(request);
      const before = await step.run("before", () => made(`${SECRET} before`));
      await step.sleep("z", "1s");
      const after = await step.run("after", () => {
        stream.push(`${SECRET} pushed`);
        return made(`${SECRET} after`);
      });
      const headers = { "x-own": SECRET, "content-type": "text/x-order" };
      return new Response([body, before, after].join(), { status: 201, headers });
    },
    { asyncRedirectUrl },
  );
  listeners = { "/at-once": serveEndpoint(atOnce), "/later": serveEndpoint(later), "/wait": serveEndpoint(client.endpointProxy()) };
}

beforeEach(async () => {
  vault = new Vault();
  await vault.start();
  bodies = new Set();
  ran = [];
  deploy(OLD);
  app = createServer((request, response) => listeners[new URL(request.url ?? "", "http://app").pathname]?.(request, response));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  const address = app.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});

afterEach(async () => {
  expect(vault.known(SECRET, OPEN)).toEqual([OPEN]);
  app.close();
  app.closeAllConnections();
  await vault.close();
});

/** A request with a secret in its body; what is in its query may be known. */
const post = (path: string) => http(`${url}${path}?q=${OPEN}`, { body: `${SECRET} body`, headers: { "content-type": "text/plain" } });

const LATER = [`${SECRET} body`, `${SECRET} before`, `${SECRET} after`];

test("a request that needs no server is answered as ever", async () => {
  const answer = await post("/at-once");
  expect(answer).toMatchObject({ status: 200, text: JSON.stringify({ body: `${SECRET} body`, step: `${SECRET} at once` }) });
  await vault.watch.until("waiting for the run to end", (runs) => [...runs.values()].some(({ status }) => status === "COMPLETED"));
});

test("the server makes the request again without being able to read it; the answer is the app's to open", async () => {
  const { status, headers } = await post("/later");
  expect(status).toBe(302);
  const location = new URL(String(headers["location"]));
  expect(await http(location.href)).toMatchObject({
    status: 201,
    text: LATER.join(),
    headers: { "x-own": SECRET, "content-type": "text/x-order" },
  });
  expect([[...bodies], ran]).toEqual([LATER.slice(0, 1), LATER.slice(1)]);
  const runId = location.searchParams.get("runId") ?? "";
  expect((await vault.watch.detail(runId)).run.status).toBe("COMPLETED");
  // Who has no token of the app's gets nothing, here or there.
  const token = String(location.searchParams.get("token"));
  const atServer = await http(`${vault.server.url}/v1/http/runs/${runId}/output?token=${token}`);
  expect(atServer.status).toBe(401);
  expect((await http(`${url}/wait?runId=${runId}&token=x`)).status).toBe(401);
});

test("a run that began with the old key goes on with the new one", async () => {
  const { headers } = await post("/later");
  deploy(ROTATED);
  expect(await http(String(headers["location"]))).toMatchObject({ status: 201, text: LATER.join() });
  // What was done before is not done again.
  expect([[...bodies], ran]).toEqual([LATER.slice(0, 1), LATER.slice(1)]);
});

test.each(["pawl", "inngest-v4"] as const)(
  "who reads a stream by %s gets the answer, and nothing is streamed through the server",
  async (reader) => {
    const { fetchWithStream } = await loadEndpoints(reader);
    const pushed: unknown[] = [];
    const answer = await fetchWithStream(`${url}/later?q=${OPEN}`, {
      fetch: (path, init) => fetch(path, String(path).includes("/later") ? { ...init, method: "POST", body: `${SECRET} body` } : init),
      onData: ({ data }) => pushed.push(data),
    });
    expect([answer.status, answer.headers.get("x-own"), await answer.text(), pushed]).toEqual([201, SECRET, LATER.join(), []]);
  },
);
