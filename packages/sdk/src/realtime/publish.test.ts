import { hashStepId } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { HttpReply, HttpRequest } from "../client/transport.ts";
import { NonRetriableError } from "../error/errors.ts";
import { call, memo, testClient } from "../run/call.fixture.ts";
import { channel } from "./channel.ts";

const chat = channel({ name: "user:7", topics: { status: { schema: z.object({ pct: z.number() }) }, raw: {} } });

function host(
  reply: Partial<HttpReply> = {},
  options: Record<string, unknown> = {},
): { client: ReturnType<typeof testClient>; requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const transport = async (request: HttpRequest): Promise<HttpReply> => {
    requests.push(request);
    return { status: 200, body: "", ...reply };
  };
  return { client: testClient({ transport, baseUrl: "http://pawl.test", ...options }), requests };
}

describe("publish", () => {
  test("a message is posted as JSON to its topic", async () => {
    const { client, requests } = host();
    await client.realtime.publish(chat.status, { pct: 40 }, { runId: "01R", metadata: { a: 1 } });
    await client.realtime.publish({ channel: "a b", topic: "&" }, "text");
    expect(requests).toMatchObject([
      {
        method: "POST",
        url: "http://pawl.test/v1/realtime/publish?channel=user%3A7&topic=status&run_id=01R&metadata=%7B%22a%22%3A1%7D",
        body: '{"pct":40}',
      },
      { url: "http://pawl.test/v1/realtime/publish?channel=a+b&topic=%26", body: '"text"' },
    ]);
  });

  test("what does not fit its schema is not published, and trying again is pointless", async () => {
    const { client, requests } = host();
    const failure = client.realtime.publish(chat.status, { pct: "40" } as never);
    await expect(failure).rejects.toThrow(/topic "status" of channel "user:7" doesn't fit its schema: pct: /);
    await expect(failure).rejects.toBeInstanceOf(NonRetriableError);
    await expect(client.realtime.publish({ channel: "", topic: "x" }, 1)).rejects.toThrow(/expected a topic/);
    await expect(client.realtime.publish(chat.raw, 1n)).rejects.toThrow(/bigint/);
    expect(requests).toEqual([]);
  });

  test.each([
    [413, true],
    [401, true],
    [429, false],
    [500, false],
  ])("status %s is an error, worth no second try: %s", async (status, isFinal) => {
    const { client, requests } = host({ status, body: "why" });
    const error = await client.realtime.publish(chat.raw, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringMatching(new RegExp(`HTTP ${status}: why`)) });
    expect(NonRetriableError.is(error)).toBe(isFinal);
    expect(requests).toHaveLength(1);
  });

  test("text is sent while it comes", async () => {
    const calls: { url: string; headers: Headers; parts: string[] }[] = [];
    const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
      const parts: string[] = [];
      const body = init?.body as ReadableStream<Uint8Array>;
      for await (const part of body as unknown as AsyncIterable<Uint8Array>) parts.push(new TextDecoder().decode(part));
      calls.push({ url: url as string, headers: new Headers(init?.headers), parts });
      return new Response(null, { status: 200 });
    };
    const client = testClient({ fetch, baseUrl: "http://pawl.test", signingKey: "signkey-test-00ff" });
    await client.realtime.publishText(
      chat.raw,
      (async function* () {
        yield "a";
        yield "";
        yield "é";
      })(),
    );
    expect(calls).toMatchObject([{ url: "http://pawl.test/v1/realtime/publish?channel=user%3A7&topic=raw", parts: ["a", "é"] }]);
    expect(calls[0]?.headers.get("content-type")).toBe("text/stream");
    expect(calls[0]?.headers.get("authorization")).toMatch(/^Bearer signkey-test-[0-9a-f]{64}$/);
  });
});

describe("step.realtime.publish", () => {
  const run = (client: ReturnType<typeof testClient>): ReturnType<typeof client.createFunction> =>
    client.createFunction({ id: "f" }, ({ step }) => step.realtime.publish("tell", chat.status, { pct: 40 })) as never;

  test("publishes for its run and remembers the data", async () => {
    const { client, requests } = host();
    const { wire } = await call(client, run(client));
    expect(wire).toMatchObject([
      { op: "StepRun", id: hashStepId("tell"), displayName: "tell", opts: { type: "step.realtime.publish" }, data: { pct: 40 } },
    ]);
    expect(wire[0]).not.toHaveProperty("name");
    expect(new URL(requests[0]?.url ?? "").searchParams.get("run_id")).toMatch(/\w{26}/);
  });

  test("a remembered one is not published again", async () => {
    const { client, requests } = host();
    const outcome = await call(client, run(client), memo({ tell: { data: { pct: 40 } } }));
    expect(outcome).toMatchObject({ kind: "complete", text: '{"pct":40}' });
    expect(requests).toEqual([]);
  });
});

describe("token", () => {
  test("a token is asked for with the signing key, and carries what it is for", async () => {
    const { client, requests } = host({ status: 201, body: '{"jwt":"key"}' }, { signingKey: "signkey-test-00ff" });
    expect(await client.realtime.token({ channel: chat, topics: ["status"] })).toEqual({
      key: "key",
      channel: chat,
      topics: ["status"],
      apiBaseUrl: "http://pawl.test",
    });
    expect(requests).toMatchObject([
      { method: "POST", url: "http://pawl.test/v1/realtime/token", body: '[{"channel":"user:7","name":"status","kind":"run"}]' },
    ]);
    expect(requests[0]?.headers["authorization"]).toMatch(/^Bearer signkey-test-[0-9a-f]{64}$/);
  });

  test.each<Partial<HttpReply>>([
    { status: 401, body: "no" },
    { status: 201, body: "{}" },
    { status: 201, body: "<html>" },
  ])("an answer of %j is an error", async (reply) => {
    const { client } = host(reply);
    await expect(client.realtime.token({ channel: "c", topics: ["t"] })).rejects.toThrow(/There is no token for channel "c"/);
  });
});
