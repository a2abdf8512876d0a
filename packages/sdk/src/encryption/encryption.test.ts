import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createDefer } from "../defer/deferred-function.ts";
import { call, event, memo, runToEnd, testClient } from "../run/call.fixture.ts";
import { encryption, type EncryptionOptions } from "./index.ts";

const MARKED = { __ENCRYPTED__: true, __STRATEGY__: "inngest/libsodium", data: expect.any(String) as string };

function clientOf(options: Partial<EncryptionOptions> = {}, sent: string[] = []): ReturnType<typeof testClient> {
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    sent.push(init?.body as string);
    return Response.json({ ids: ["1"] });
  };
  return testClient({ encryption: encryption({ key: "k", ...options }), fetch: fetch as typeof globalThis.fetch });
}

const seal = (value: unknown, key = "k"): unknown => JSON.parse(encryption({ key }).sealOutput(JSON.stringify(value)));

describe("outputs", () => {
  test("of steps and functions are encrypted as a whole, with and without checkpoints", async () => {
    const client = clientOf();
    const fn = client.createFunction({ id: "f" }, ({ step }) => step.run("a", () => ({ secret: 1 })));
    const checkpointed = await call(client, fn, { save: () => "saved" });
    expect(checkpointed.wire).toMatchObject([
      { op: "StepRun", data: MARKED },
      { op: "RunComplete", data: MARKED },
    ]);
    expect((await call(client, fn)).wire).toMatchObject([{ op: "StepRun", data: MARKED }]);
    expect(JSON.stringify(checkpointed.wire)).not.toContain("secret");
  });

  test("come back as they were, also in parallel", async () => {
    for (const isCheckpointing of [true, false]) {
      const client = clientOf();
      let seen: unknown;
      const fn = client.createFunction({ id: "f" }, async ({ step }) => {
        seen = await Promise.all([step.run("a", () => ({ text: "ü" })), step.run("b", () => [1, null])]);
        return step.run("c", () => "x".repeat(100_000).length);
      });
      const { result } = await runToEnd(client, fn, { isCheckpointing });
      expect([seen, result]).toEqual([[{ text: "ü" }, [1, null]], MARKED]);
    }
  });

  test("null stays as it is, and with decryptOnly all do", async () => {
    const nothing = (client: ReturnType<typeof testClient>, value: unknown) =>
      call(
        client,
        client.createFunction({ id: "f" }, () => value),
      );
    expect(await nothing(clientOf(), undefined)).toMatchObject({ text: "null" });
    expect(await nothing(clientOf({ decryptOnly: true }), { a: 1 })).toMatchObject({ text: '{"a":1}' });
  });

  test("a stored one that is asked for again is encrypted again", async () => {
    const client = clientOf();
    const fn = client.createFunction({ id: "f" }, ({ step }) => step.run("a", () => 2));
    const stored = memo({ a: { data: seal(1) } });
    const { wire } = await call(client, fn, { ...stored, stepId: stored.stack[0] ?? "" });
    expect(wire).toMatchObject([{ op: "StepRun", data: MARKED }]);
  });
});

describe("data of events", () => {
  test("one field is encrypted when they are sent, invoked or deferred, after schemas have seen it", async () => {
    const sent: string[] = [];
    const client = clientOf({ eventEncryptionField: "secret" }, sent);
    const data = { secret: { n: 7 }, open: 1 };
    await client.send({ name: "x", data });
    expect(JSON.parse(sent[0] ?? "")).toMatchObject([{ data: { secret: MARKED, open: 1 } }]);
    const schema = z.object({ secret: z.object({ n: z.number() }), open: z.number() });
    const later = createDefer(client, { id: "later", schema }, () => 0);
    const fn = client.createFunction({ id: "f" }, async ({ step, defer }) => {
      defer("d", { function: later, data });
      await step.invoke("i", { function: "shop-g", data });
    });
    expect((await call(client, fn)).wire).toMatchObject([
      { op: "DeferAdd", opts: { input: { secret: MARKED, open: 1 } } },
      { op: "InvokeFunction", opts: { payload: { data: { secret: MARKED, open: 1 } } } },
    ]);
  });

  test("every marked field is decrypted, before the schema, and in events that are waited for", async () => {
    const client = clientOf({ decryptOnly: true });
    const fn = client.createFunction({ id: "f" }, async (ctx) => [
      ctx.event.data,
      (await ctx.step.waitForEvent("w", { event: "y", timeout: "1h" }))?.data,
    ]);
    const waited = { ...event, name: "y", data: { encrypted: seal("w") } };
    const outcome = await call(client, fn, { ...memo({ w: { data: waited } }), events: [{ ...event, data: { any: seal([1]), open: 2 } }] });
    expect(outcome).toMatchObject({ text: JSON.stringify([{ any: [1], open: 2 }, { encrypted: "w" }]) });
  });
});

describe("keys", () => {
  const read = async (options: Partial<EncryptionOptions>) => {
    const client = clientOf({ decryptOnly: true, ...options });
    let isEntered = false;
    const fn = client.createFunction({ id: "f" }, ({ step }) => ((isEntered = true), step.run("a", () => 0)));
    return { outcome: await call(client, fn, memo({ a: { data: seal(5, "old") } })), isEntered };
  };

  test("an earlier one is tried when the key doesn't fit", async () => {
    expect((await read({ fallbackDecryptionKeys: ["older", " old\n"] })).outcome).toMatchObject({ kind: "complete", text: "5" });
  });

  test("when none fits, the function is not entered and the call is tried again", async () => {
    expect(await read({})).toMatchObject({
      outcome: { kind: "error", noRetry: false, error: { name: "DecryptionError" } },
      isEntered: false,
    });
  });

  test("the format without a strategy is read", () => {
    const salt = Buffer.from("saltsalt");
    let [block, material] = [Buffer.alloc(0), Buffer.alloc(0)];
    while (material.length < 48) {
      block = createHash("md5").update(block).update("k").update(salt).digest();
      material = Buffer.concat([material, block]);
    }
    const cipher = createCipheriv("aes-256-cbc", material.subarray(0, 32), material.subarray(32));
    const box = Buffer.concat([Buffer.from("Salted__"), salt, cipher.update('{"a":"ü"}'), cipher.final()]).toString("base64");
    const opened = encryption({ key: "other", fallbackDecryptionKeys: ["k"] }).openCall({
      ...({ steps: {}, events: [] } as never as Parameters<ReturnType<typeof encryption>["openCall"]>[0]),
      event: { ...event, data: { f: { __ENCRYPTED__: true, data: box } } },
    });
    expect(opened.event.data).toEqual({ f: { a: "ü" } });
  });

  test("must not be empty", () => {
    expect(() => encryption({ key: " " })).toThrow(TypeError);
  });
});

test("durable endpoints refuse a client that encrypts", () => {
  expect(() => clientOf().endpoint(async () => new Response())).toThrow("encryption");
});
