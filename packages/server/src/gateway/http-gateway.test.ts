import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { GatewayOutcome, GatewayRequest } from "@pawl/engine";
import { afterEach, expect, test } from "vitest";
import { httpGateway, type HttpGatewayOptions } from "./http-gateway.ts";
import { topicOpener } from "./publish-answer.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === "object" && address !== null ? address.port : 0)}`;
}

async function ask(
  request: Partial<GatewayRequest> & { readonly url: string },
  options: Partial<HttpGatewayOptions> = {},
): Promise<GatewayOutcome> {
  const gateway = httpGateway({ allowPrivateAddresses: true, ...options });
  try {
    return await gateway.request({ method: "GET", headers: {}, ...request }, new AbortController().signal);
  } finally {
    await gateway.close();
  }
}

test("method, headers and body arrive; status, headers and body come back, unpacked", async () => {
  let seen: unknown;
  const url = await listen((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen = { method: request.method, path: request.url, header: request.headers["x-a"], body };
      response.writeHead(418, { "content-encoding": "gzip", "set-cookie": ["a=1", "b=2"] });
      response.end(gzipSync("tea"));
    });
  });
  const outcome = await ask({ url: `${url}/p?q=1`, method: "PUT", headers: { "x-a": "1" }, body: "hi" });
  expect(seen).toEqual({ method: "PUT", path: "/p?q=1", header: "1", body: "hi" });
  expect(outcome).toMatchObject({ kind: "response", status: 418, body: "tea", headers: { "set-cookie": "a=1,b=2" } });
  expect(outcome).not.toHaveProperty(["headers", "content-encoding"]);
});

test.each(["zstd", "toString", "__proto__"])("an answer in the encoding %s stays as it is", async (encoding) => {
  const url = await listen((_request, response) => response.writeHead(200, { "content-encoding": encoding }).end("tea"));
  expect(await ask({ url })).toMatchObject({ status: 200, body: "tea", headers: { "content-encoding": encoding } });
});

test("redirects are followed; another origin gets no credentials", async () => {
  const seen: (string | undefined)[] = [];
  const other = await listen((request, response) => {
    const { authorization, "x-goog-api-key": key, "x-b": b } = request.headers;
    seen.push([request.method, authorization ?? "none", key ?? "none", b].join(" "));
    response.end("there");
  });
  const url = await listen((request, response) => {
    seen.push(`${request.method ?? ""} ${request.headers.authorization ?? "none"}`);
    response.writeHead(request.url === "/1" ? 307 : 302, { location: request.url === "/1" ? "/2" : other });
    response.end();
  });
  const headers = { authorization: "secret", "x-goog-api-key": "secret", "x-b": "b" };
  const outcome = await ask({ url: `${url}/1`, method: "POST", headers, body: "x" });
  expect(outcome).toMatchObject({ body: "there", url: `${other}/` });
  expect(seen).toEqual(["POST secret", "POST secret", "GET none none b"]);
});

test("name and password of a URL become a header, and are not in the result", async () => {
  let seen: string | undefined;
  const url = await listen((request, response) => {
    seen = request.headers.authorization;
    response.end();
  });
  const outcome = await ask({ url: url.replace("://", "://me:p%40ss@") });
  expect(seen).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  expect(outcome).toMatchObject({ kind: "response", url: `${url}/` });
});

test("what can't be sent, or followed, is no reason for another attempt", async () => {
  const url = await listen((_request, response) => {
    response.writeHead(302, { location: "http://[" });
    response.end();
  });
  expect(await ask({ url })).toMatchObject({ kind: "failure", isRetryable: false, message: expect.stringContaining("redirect") });
  expect(await ask({ url, method: "NO METHOD" })).toMatchObject({ kind: "failure", isRetryable: false });
  expect(await ask({ url, headers: { "x-a": "a\nb" } })).toMatchObject({ kind: "failure", isRetryable: false });
});

test.each(["http://127.0.0.2:1/", "http://localhost:1/", "http://[::1]:1/"])(
  "a redirect to %s is refused like a first target",
  async (location) => {
    const url = await listen((_request, response) => {
      response.writeHead(302, { location });
      response.end();
    });
    const outcome = await ask({ url }, { allowPrivateAddresses: false, allowed: ["127.0.0.1"] });
    expect(outcome).toMatchObject({ kind: "failure", isRetryable: false, message: expect.stringContaining("--allow-private-addresses") });
  },
);

test("an answer is published as it comes, whole characters at a time, and its end too", async () => {
  const sent: unknown[] = [];
  const realtime = { nextStreamId: () => "S", publish: (message: unknown) => void sent.push(message) };
  const euro = Buffer.from("€");
  const url = await listen((request, response) => {
    expect(request.headers["accept-encoding"]).toBeUndefined();
    response.writeHead(200, { "content-type": "text/plain" });
    response.write(euro.subarray(0, 1));
    setImmediate(() => response.end(Buffer.concat([euro.subarray(1), Buffer.from("!")])));
  });
  const publish = { channel: "c", topic: "t", runId: "R", stepId: "s", url };
  const outcome = await ask({ url, publish }, { openTopic: topicOpener(realtime) });
  expect(outcome).toMatchObject({ kind: "response", body: "€!" });
  const common = {
    topic: { channel: "c", name: "t" },
    runId: "R",
    metadata: JSON.stringify({ url, "content-type": "text/plain", request_id: "s" }),
  };
  expect(sent[0]).toEqual({ ...common, kind: "datastream-start", data: '"S"' });
  expect(sent.at(-1)).toEqual({ ...common, kind: "datastream-end", data: '"S"' });
  const chunks = sent.slice(1, -1) as { readonly kind: string; readonly data: string }[];
  expect(chunks.every(({ kind }) => kind === "chunk")).toBe(true);
  expect(chunks.map(({ data }) => JSON.parse(data) as string).join("")).toBe("€!");
});

test("a loop of redirects ends", async () => {
  const url = await listen((_request, response) => {
    response.writeHead(302, { location: "/" });
    response.end();
  });
  expect(await ask({ url })).toMatchObject({ kind: "failure", isRetryable: false, message: expect.stringContaining("redirects") });
});

test("an answer that is too large is refused while it is read, packed or not", async () => {
  const url = await listen((request, response) => {
    const isPacked = request.url === "/packed";
    response.writeHead(200, isPacked ? { "content-encoding": "gzip" } : {});
    response.end(isPacked ? gzipSync(Buffer.alloc(5 * 1024 * 1024)) : Buffer.alloc(5 * 1024 * 1024));
  });
  for (const path of ["/", "/packed"])
    expect(await ask({ url: url + path })).toMatchObject({
      kind: "failure",
      isRetryable: false,
      message: expect.stringContaining("larger"),
    });
});

test("no answer in time, and no server, are failures that are tried again", async () => {
  const url = await listen(() => {});
  expect(await ask({ url }, { timeoutMs: 50 })).toMatchObject({ kind: "failure", isRetryable: true });
  expect(await ask({ url: "http://127.0.0.1:1" })).toMatchObject({ kind: "failure", isRetryable: true });
});

test("a request is aborted with its run", async () => {
  const url = await listen(() => {});
  const gateway = httpGateway({ allowPrivateAddresses: true });
  const abort = new AbortController();
  const asked = gateway.request({ method: "GET", url, headers: {} }, abort.signal);
  abort.abort(new Error("over"));
  expect(await asked).toMatchObject({ kind: "failure" });
  await gateway.close();
});

test.each(["http://127.0.0.1:1", "http://[::1]:1", "http://169.254.169.254/latest", "http://localhost:1", "http://[::ffff:10.0.0.1]:1"])(
  "%s is not reached where private addresses are not allowed",
  async (url) => {
    const outcome = await ask({ url }, { allowPrivateAddresses: false });
    expect(outcome).toMatchObject({ kind: "failure", isRetryable: false, message: expect.stringContaining("--allow-private-addresses") });
  },
);
