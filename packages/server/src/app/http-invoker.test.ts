/** Which addresses are called. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NO_METADATA, PUBLIC_FOR_APPS } from "../net/address-policy.ts";
import type { AppCall } from "../ports/invoker.ts";
import { httpInvoker } from "./http-invoker.ts";

async function appOf(headers: Readonly<Record<string, string>>, status: number): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end("done"));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
}

const call = (url: string): AppCall => ({ url, headers: {}, body: "{}", signal: new AbortController().signal }) as AppCall;

test("an app on a private network is called, and one that sends the call on to the metadata service is not followed", async () => {
  const invoker = httpInvoker(NO_METADATA);
  onTestFinished(() => invoker.close());
  expect(await invoker.call(call(await appOf({}, 200)))).toMatchObject({ kind: "response", status: 200 });
  const leads = await appOf({ location: "http://169.254.169.254/latest/meta-data" }, 302);
  expect(await invoker.call(call(leads))).toMatchObject({
    kind: "no-response",
    code: "address_refused",
    message: expect.stringContaining("169.254.169.254"),
  });
});

test("where apps have to be public, one of this machine is not called", async () => {
  const invoker = httpInvoker(PUBLIC_FOR_APPS);
  onTestFinished(() => invoker.close());
  expect(await invoker.call(call(await appOf({}, 200)))).toMatchObject({
    code: "address_refused",
    message: expect.stringContaining("--public-apps-only"),
  });
});
