/** Calls over HTTP, against a server on this machine. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { httpInvoker } from "../app/http-invoker.ts";
import type { Invoker } from "../ports/invoker.ts";

const SDK = { "content-type": "application/json", "x-inngest-sdk": "js:v4.24.0" };

type Asked = { readonly url: string; readonly body: string; readonly headers: Readonly<Record<string, unknown>> };

/** An app that listens, and an invoker. */
async function listening(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly asked: readonly Asked[]; readonly invoker: Invoker }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ url: request.url ?? "", body, headers: request.headers });
      listener(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const invoker = httpInvoker();
  onTestFinished(async () => {
    await invoker.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api?fnId=f&stepId=step`, asked, invoker };
}

function call({ invoker, url }: { readonly invoker: Invoker; readonly url: string }, signal = new AbortController().signal) {
  return invoker.call({
    url,
    headers: { "content-type": "application/json", "x-run-id": "r" },
    body: '{"a":1}',
    attempt: 0,
    signal,
    isStored: Promise.resolve(true),
  });
}

describe("semantics 4.1 the call: transport", () => {
  it("a POST with the body and headers as they are", async () => {
    const app = await listening((_request, response) => response.writeHead(206, SDK).end("[]"));
    expect(await call(app)).toMatchObject({ kind: "response", status: 206, body: "[]", headers: { "x-inngest-sdk": "js:v4.24.0" } });
    expect(app.asked).toMatchObject([{ url: "/api?fnId=f&stepId=step", body: '{"a":1}', headers: { "x-run-id": "r" } }]);
  });

  it.each([301, 302, 303, 307, 308])("a redirect (%i) is followed with body, headers and query", async (status) => {
    const app = await listening((request, response) => {
      if (request.url?.startsWith("/api") === true) response.writeHead(status, { location: "/moved?own=1" }).end();
      else response.writeHead(200, SDK).end("1");
    });
    expect(await call(app)).toMatchObject({ kind: "response", status: 200 });
    const [, second] = app.asked;
    expect(second).toMatchObject({ body: '{"a":1}', headers: { "x-run-id": "r" } });
    const query = new URL(second?.url ?? "", app.url).searchParams;
    expect([query.get("own"), query.get("fnId"), query.get("stepId")]).toEqual(["1", "f", "step"]);
  });

  it("sixty redirects are followed, more are not", async () => {
    const redirecting = (count: number) => {
      let left = count;
      return listening((_request, response) => {
        if (left-- > 0) response.writeHead(307, { location: "/again" }).end();
        else response.writeHead(200, SDK).end("1");
      });
    };
    expect(await call(await redirecting(60))).toMatchObject({ kind: "response", status: 200 });
    expect(await call(await redirecting(61))).toMatchObject({ kind: "no-response", code: "too_many_redirects" });
  });

  it.each([
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["br", brotliCompressSync],
  ] as const)("%s is decoded", async (encoding, compress) => {
    const app = await listening((_request, response) =>
      response.writeHead(200, { ...SDK, "content-encoding": encoding }).end(compress('"ü"')),
    );
    expect(await call(app)).toMatchObject({ kind: "response", body: '"ü"' });
  });

  it("another encoding is an error that names it", async () => {
    const app = await listening((_request, response) => response.writeHead(200, { ...SDK, "content-encoding": "compress" }).end("1"));
    expect(await call(app)).toMatchObject({ kind: "no-response", message: expect.stringContaining("compress") as string });
  });
});

describe("semantics 4.2 response classification: transport", () => {
  it("a body of 8 MiB is read, one byte more is an error", async () => {
    const sized = (bytes: number) => listening((_request, response) => response.writeHead(200, SDK).end(Buffer.alloc(bytes, "1")));
    const limit = 8 * 1_024 * 1_024;
    expect(await call(await sized(limit))).toMatchObject({ kind: "response", status: 200 });
    expect(await call(await sized(limit + 1))).toMatchObject({
      kind: "no-response",
      code: "output_too_large",
      message: expect.stringContaining("exceeds the maximum size limit") as string,
    });
  });

  it("a small body that is large when decoded is an error, too", async () => {
    const bomb = gzipSync(Buffer.alloc(9 * 1_024 * 1_024, "1"));
    const app = await listening((_request, response) => response.writeHead(200, { ...SDK, "content-encoding": "gzip" }).end(bomb));
    expect(await call(app)).toMatchObject({ kind: "no-response", code: "output_too_large" });
  });

  it("nobody listening", async () => {
    const app = await listening((_request, response) => response.end());
    expect(await call({ invoker: app.invoker, url: "http://127.0.0.1:9/api" })).toMatchObject({
      kind: "no-response",
      code: "http_unreachable",
    });
  });

  it("a connection that ends before the answer, or in the middle of it", async () => {
    const early = await listening((request) => request.socket.destroy());
    expect(await call(early)).toMatchObject({ kind: "no-response", code: "http_unreachable" });
    const late = await listening((request, response) => {
      response.writeHead(200, { ...SDK, "content-length": "100" });
      response.write("1", () => request.socket.destroy());
    });
    expect(await call(late)).toMatchObject({ kind: "no-response", code: "http_unreachable" });
  });

  it("a call that is cut off ends at once", async () => {
    const abort = new AbortController();
    const app = await listening(() => abort.abort(new Error("The run has ended.")));
    expect(await call(app, abort.signal)).toMatchObject({ kind: "no-response" });
  });
});
