import { hashStepId } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { Pawl } from "../client/client.ts";
import type { PawlOptions } from "../client/options.ts";
import type { HttpReply, HttpRequest } from "../client/transport.ts";
import { signBody, verifySignature } from "./signature.ts";
import { createHandler } from "./web.ts";
import { KEY, NOW_S, OTHER_KEY, callBody, post, sign, silent, world } from "./app.fixture.ts";

describe("signatures", () => {
  test("the protocol's test vectors", async () => {
    expect(await signBody('{"a":2,"b":1}', KEY, NOW_S * 1_000)).toBe(
      "t=1700000000&s=a2f4e97a7704ab22fb1fa6d3dcfddea63d3b2ccd3e95c7d9ed8d97bf2f783e8f",
    );
    expect(await signBody("", "8f0e5a3c", NOW_S * 1_000)).toBe(
      "t=1700000000&s=cf925cab87335c66c0cb504e92603b09daa733d51e1859fbfdca1515c81d6735",
    );
  });

  test("a body is verified as it came, re-serialised, or parsed", async () => {
    const header = sign('{"a":2,"b":1}');
    for (const body of ['{"a":2,"b":1}', '{ "b": 1, "a": 2 }', { b: 1, a: 2 }]) {
      expect(await verifySignature({ header, body, keys: [KEY], now: NOW_S * 1_000 })).toBe(KEY);
    }
    expect(await verifySignature({ header, body: '{"a":2,"b":2}', keys: [KEY], now: NOW_S * 1_000 })).toBeUndefined();
  });

  test("the fallback key is tried second; the window is five minutes in both directions", async () => {
    const input = { header: sign("{}", OTHER_KEY), body: "{}", keys: [KEY, OTHER_KEY] };
    expect(await verifySignature({ ...input, now: NOW_S * 1_000 })).toBe(OTHER_KEY);
    expect(await verifySignature({ ...input, now: (NOW_S + 300) * 1_000 })).toBe(OTHER_KEY);
    expect(await verifySignature({ ...input, now: (NOW_S + 301) * 1_000 })).toBeUndefined();
    expect(await verifySignature({ ...input, now: (NOW_S - 301) * 1_000 })).toBeUndefined();
  });

  test("an unsigned, wrongly signed or empty call learns nothing", async () => {
    const { handle } = world();
    for (const request of [
      post(callBody),
      post(callBody, { "x-inngest-signature": sign(callBody, OTHER_KEY) }),
      post("", { "x-inngest-signature": sign("") }),
    ]) {
      const response = await handle(request);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ message: "Unauthorized" });
      expect([...response.headers.keys()].filter((name) => name.startsWith("x-inngest"))).toEqual(["x-inngest-sdk-handled"]);
    }
  });

  test("the response is signed with the key that matched", async () => {
    const { handle } = world({ signingKeyFallback: OTHER_KEY });
    const response = await handle(post(callBody, { "x-inngest-signature": sign(callBody, OTHER_KEY) }));
    const body = await response.text();
    expect(response.status).toBe(206);
    expect(response.headers.get("x-inngest-signature")).toBe(await signBody(body, OTHER_KEY, NOW_S * 1_000));
  });

  test("cloud mode without a key answers 500 to everything", async () => {
    const bare = new Pawl({ id: "shop", isDev: false, signingKey: "", logger: silent });
    expect(bare.mode).toBe("cloud");
    const response = await createHandler({ client: bare, functions: [] })(post(callBody));
    expect([response.status, await response.json()]).toEqual([500, { code: "internal_server_error" }]);
  });
});

describe("calls", () => {
  test("in dev mode nothing needs a signature; the answer carries what the server needs", async () => {
    const { handle, requests } = world({ isDev: true });
    const response = await handle(
      post(callBody, { "x-request-id": "req1", "x-inngest-generation-id": "3", "x-inngest-server-kind": "dev", traceparent: "00-a-b-01" }),
    );
    expect(response.status).toBe(206);
    expect(await response.json()).toMatchObject([
      { op: "StepRun", id: hashStepId("b"), data: 2 },
      { op: "RunComplete", data: 2 },
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "x-inngest-sdk": "pawl-js:v0.1.0",
      "user-agent": "pawl-js:v0.1.0",
      "x-inngest-req-version": "2",
      "x-inngest-framework": "web",
      "x-inngest-sdk-handled": "true",
      "x-inngest-expected-server-kind": "dev",
      traceparent: "00-a-b-01",
    });
    expect(requests.map((request) => [request.method, request.url])).toEqual([
      ["POST", "http://server.test/v1/checkpoint/01HF7YAT00000G40R40M30E20A/async"],
    ]);
    expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({
      run_id: "01HF7YAT00000G40R40M30E20A",
      fn_id: "7f6c",
      qi_id: "q",
      request_id: "req1",
      generation_id: 3,
      request_started_at: NOW_S * 1_000,
      ts: NOW_S * 1_000,
      steps: [{ op: "StepRun", id: hashStepId("a"), data: 1, timing: { a: 1_700_000_000_000_000_000 } }],
    });
    expect(requests[0]?.headers["authorization"]).toBe(
      "Bearer signkey-test-16bf57b4dc9e9a83dbd83ee0d9bb6155e3a86f9c1b666dcbb49743369ae20d09",
    );
  });

  test("the fallback key is used where the server refuses the first", async () => {
    const reply = (request: HttpRequest): HttpReply => ({
      status: request.headers["authorization"]?.includes("16bf57b4") === true ? 401 : 200,
      body: "",
    });
    const { handle, requests } = world({ isDev: true, signingKeyFallback: OTHER_KEY }, { reply });
    expect((await handle(post(callBody))).status).toBe(206);
    expect(requests).toHaveLength(2);
  });

  test("409 ends the call as superseded", async () => {
    const { handle } = world({ isDev: true }, { reply: () => ({ status: 409, body: "" }) });
    const response = await handle(post(callBody));
    expect([response.status, response.headers.get("x-inngest-no-retry")]).toEqual([400, "true"]);
  });

  test("an error of the function says whether to retry", async () => {
    const client = new Pawl({ id: "shop", isDev: true, logger: silent });
    const fn = client.createFunction({ id: "import" }, () => {
      throw new TypeError("upstream busy");
    });
    const response = await createHandler({ client, functions: [fn] })(post(callBody));
    expect([response.status, response.headers.get("x-inngest-no-retry")]).toEqual([500, "false"]);
    expect(await response.json()).toMatchObject({ name: "TypeError", message: "upstream busy", __serialized: true });
  });

  test("large state is fetched", async () => {
    const event = { name: "catalogue/uploaded", data: {}, id: "1", ts: 1, user: {} };
    const reply = ({ url }: HttpRequest): HttpReply => ({
      status: 200,
      body: JSON.stringify(url.endsWith("/batch") ? [event] : { [hashStepId("a")]: { data: 40 }, [hashStepId("b")]: { data: 41 } }),
    });
    const { handle, requests } = world({ isDev: true, checkpointing: false }, { reply });
    const body = JSON.parse(callBody) as { ctx: object };
    const response = await handle(post(JSON.stringify({ ...body, events: [], ctx: { ...body.ctx, use_api: true } })));
    expect([response.status, await response.json()]).toEqual([200, 41]);
    expect(requests.map((request) => request.url).sort()).toEqual([
      "http://server.test/v0/runs/01HF7YAT00000G40R40M30E20A/actions",
      "http://server.test/v0/runs/01HF7YAT00000G40R40M30E20A/batch",
    ]);
  });

  test("the failure handler gets the error and the event", async () => {
    const { handle } = world({ isDev: true });
    const failed = {
      name: "inngest/function.failed",
      id: "1",
      ts: 1,
      data: { function_id: "shop-import", run_id: "R", error: { name: "Error", message: "no stock" }, event: {} },
    };
    const body = JSON.stringify({ ...(JSON.parse(callBody) as object), event: failed, events: [failed] });
    const response = await handle(post(body, {}, "fnId=shop-import-failure&stepId=step"));
    expect(await response.json()).toMatchObject([{ op: "RunComplete", data: "no stock in R" }]);
  });

  test("the request version: the server's where it has one, else the option's", async () => {
    const versionOf = async (options: Partial<PawlOptions>, version: unknown): Promise<string | null> => {
      const body = JSON.stringify({ ...(JSON.parse(callBody) as object), version });
      return (await world({ isDev: true, ...options }).handle(post(body))).headers.get("x-inngest-req-version");
    };
    expect(await versionOf({}, -1)).toBe("2");
    expect(await versionOf({}, 1)).toBe("1");
    expect(await versionOf({ optimizeParallelism: false }, -1)).toBe("1");
    expect(await versionOf({ optimizeParallelism: false }, 2)).toBe("2");
    expect(await versionOf({}, 0)).toBeNull();
  });

  test("an unknown function, a body that is no call, a missing body", async () => {
    const { handle } = world({ isDev: true });
    const unknown = await handle(post(callBody, {}, "fnId=shop-gone&stepId=step"));
    expect([unknown.status, await unknown.json()]).toMatchObject([
      500,
      { type: "internal", message: expect.stringContaining('no function "shop-gone"') },
    ]);
    expect((await handle(post("not json"))).status).toBe(500);
    expect(await (await handle(post(""))).json()).toMatchObject({ message: expect.stringContaining("no body") });
  });

  test("other methods are refused", async () => {
    const response = await world({ isDev: true }).handle(new Request("http://app.test/api/pawl", { method: "DELETE" }));
    expect([response.status, await response.json()]).toEqual([405, { message: "Method not allowed" }]);
  });

  test("probes", async () => {
    const { handle } = world();
    const trusted = await handle(post("{}", { "x-inngest-signature": sign("{}") }, "probe=trust"));
    expect([trusted.status, await trusted.text()]).toEqual([200, ""]);
    expect(trusted.headers.get("x-inngest-signature")).toBe(await signBody("", KEY, NOW_S * 1_000));
    expect((await handle(post("{}", {}, "probe=trust"))).status).toBe(401);
    expect((await handle(post("{}", { "x-inngest-signature": sign("{}") }, "probe=other"))).status).toBe(400);
  });

  test("streaming: the head at once, the answer in an envelope", async () => {
    const { handle } = world({ isDev: true }, { streaming: true });
    const response = await handle(post(callBody));
    expect(response.status).toBe(201);
    const envelope = (await response.json()) as { status: number; headers: Record<string, string>; body: string };
    expect([envelope.status, envelope.headers["x-inngest-req-version"]]).toEqual([206, "2"]);
    expect(JSON.parse(envelope.body)).toMatchObject([{ op: "StepRun" }, { op: "RunComplete" }]);
  });
});
