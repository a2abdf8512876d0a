/** Encryption: what our client and the official middleware write, the other can read. No server is needed, as it stores opaque values. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hashStepId } from "@pawl/protocol";
import { createHandler, Pawl } from "pawl";
import { encryption } from "pawl/encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { installClient } from "../harness/client-folder.ts";

type Handler = (request: Request) => Promise<Response>;
type Context = {
  readonly event: { readonly data: Readonly<Record<string, unknown>> };
  readonly step: { run(id: string, body: () => unknown): Promise<unknown> };
};
type Client = {
  createFunction(options: object, handler: (context: Context) => unknown): unknown;
  send(event: object): Promise<unknown>;
};
type Official = {
  readonly Inngest: new (options: object) => Client;
  readonly encryptionMiddleware: (options: object) => unknown;
  readonly serve: (options: object) => Handler;
};
type Side = { readonly handler: Handler; readonly sent: () => Promise<Readonly<Record<string, unknown>>> };

const KEY = "a key that both have";
const SECRET = { card: "4111", name: "Zoë" };

let official: Official;
beforeAll(async () => {
  official = (await import(pathToFileURL(join(await installClient("inngest-v4-encryption"), "client.mjs")).href)) as Official;
}, 120_000);

/** A client that sends into a variable, and its function. */
function sideOf(make: (fetch: typeof globalThis.fetch) => { readonly client: Client; readonly serve: (fn: unknown) => Handler }): Side {
  let body = "[]";
  const { client, serve } = make(async (_url, init) => {
    body = init?.body as string;
    return Response.json({ ids: ["1"], status: 200 });
  });
  const fn = client.createFunction({ id: "f", checkpointing: false, triggers: [{ event: "x" }] }, async ({ event, step }) => ({
    event: event.data,
    step: await step.run("a", () => SECRET),
  }));
  return {
    handler: serve(fn),
    sent: async () => {
      await client.send({ name: "x", data: { encrypted: SECRET, open: 1 } });
      return (JSON.parse(body) as { readonly data: Readonly<Record<string, unknown>> }[])[0]?.data ?? {};
    },
  };
}

function ours(key = KEY, fallbackDecryptionKeys: string[] = []): Side {
  return sideOf((fetch) => {
    const client = new Pawl({ id: "shop", isDev: true, fetch, encryption: encryption({ key, fallbackDecryptionKeys }) });
    return { client: client as unknown as Client, serve: () => createHandler({ client }) };
  });
}

function theirs(options: object = {}): Side {
  return sideOf((fetch) => {
    const middleware = [official.encryptionMiddleware({ key: KEY, ...options })];
    const client = new official.Inngest({ id: "shop", isDev: true, fetch, middleware });
    return { client, serve: (fn) => official.serve({ client, functions: [fn] }) };
  });
}

async function call(side: Side, data: object, steps: Readonly<Record<string, unknown>>): Promise<unknown> {
  const event = { name: "x", id: "1", ts: 1, data, user: {} };
  const stack = { stack: Object.keys(steps), current: Object.keys(steps).length };
  const ctx = { run_id: "r", fn_id: "", env: "", step_id: "step", attempt: 0, max_attempts: 4, qi_id: "", stack, use_api: false };
  const body = { event, events: [event], steps, version: 2, use_api: false, ctx: { ...ctx, disable_immediate_execution: false } };
  const url = "http://app/api?fnId=shop-f&stepId=step";
  const response = await side.handler(
    new Request(url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", host: "app" } }),
  );
  const answer = (await response.json()) as unknown;
  if (!Array.isArray(answer)) return answer;
  return (answer[0] as { readonly data: unknown }).data;
}

const MARKED = { __ENCRYPTED__: true, __STRATEGY__: "inngest/libsodium", data: expect.any(String) as string };

describe.each([
  { writer: "ours", reader: "the official middleware", make: () => ({ writing: ours(), reading: theirs() }) },
  { writer: "the official middleware", reader: "ours", make: () => ({ writing: theirs(), reading: ours() }) },
])("what $writer encrypts, $reader reads", ({ make }) => {
  test("an event's field, a step's result and a function's result", async () => {
    const { writing, reading } = make();
    const data = await writing.sent();
    expect(data).toEqual({ encrypted: MARKED, open: 1 });
    const step = await call(writing, data, {});
    expect(step).toEqual(MARKED);
    const result = await call(reading, data, { [hashStepId("a")]: { type: "data", data: step } });
    expect(result).toEqual(MARKED);
    // The writer reads the reader's result in its turn.
    const again = await call(writing, { result }, { [hashStepId("a")]: { type: "data", data: step } });
    const seen = await call(writing, { again }, { [hashStepId("a")]: { type: "data", data: step } });
    expect(seen).toEqual(MARKED);
    const opened = encryption({ key: KEY }).openCall({ steps: {}, events: [], event: { name: "x", data: { seen } } } as never).event.data;
    const both = { event: { encrypted: SECRET, open: 1 }, step: SECRET };
    expect(opened).toEqual({ seen: { event: { again: { event: { result: both }, step: SECRET } }, step: SECRET } });
  });
});

test("the format that was used before is read", async () => {
  const data = await theirs({ legacyV0Service: { key: KEY, forceEncryptWithV0: true } }).sent();
  expect(data["encrypted"]).toEqual({ __ENCRYPTED__: true, data: expect.any(String) as string });
  const opened = encryption({ key: "new", fallbackDecryptionKeys: [KEY] }).openCall({
    steps: {},
    events: [],
    event: { name: "x", data },
  } as never);
  expect(opened.event.data).toEqual({ encrypted: SECRET, open: 1 });
});
