import { hashStepId, RUN_COMPLETE_ID, type WireOp } from "@pawl/protocol";
import { describe, expect, test } from "vitest";
import { NonRetriableError } from "../error/errors.ts";
import { sign } from "../serve/app.fixture.ts";
import { step as currentStep } from "./current.ts";
import { again, APP, endpointTest, playToEnd } from "./endpoint.fixture.ts";

const opsOf = (request?: { readonly body: string }): WireOp[] => (JSON.parse(request?.body ?? "{}") as { readonly steps: WireOp[] }).steps;
const post = (body: string, headers: Readonly<Record<string, string>> = {}) => new Request(APP, { method: "POST", body, headers });

describe("a request that needs no server", () => {
  test("is answered by the handler, and its run is known before the second step", async () => {
    const { client, server } = endpointTest();
    const seen: number[] = [];
    const endpoint = client.endpoint(
      async (request, { step }) => {
        const a = await step.run("a", () => 1);
        const b = await step.run("b", () => (seen.push(server.runs.size), a + 1));
        return Response.json({ b, sku: new URL(request.url).searchParams.get("sku") }, { status: 201, headers: { "x-own": "1" } });
      },
      { functionId: "quote", retries: 2 },
    );
    const answer = await endpoint(new Request(APP, { headers: { "x-forwarded-for": "203.0.113.9, 10.0.0.1" } }));
    expect([answer.status, answer.headers.get("x-own"), await answer.json()]).toEqual([201, "1", { b: 2, sku: "7" }]);
    expect(seen).toEqual([1]);
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/checkpoint", `/v1/checkpoint/${server.run.id}/steps`]);
    expect(JSON.parse(server.requests[0]?.body ?? "")).toMatchObject({
      run_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      request_version: 2,
      retries: 2,
      event: {
        name: "inngest/http.request",
        data: { domain: "http://app.test", method: "GET", path: "/quote", fn: "quote", query_params: "sku=7", ip: "203.0.113.9", body: "" },
      },
      steps: [{ op: "StepRun", id: hashStepId("a"), data: 1 }],
    });
    expect(opsOf(server.requests[1])).toMatchObject([
      { op: "StepRun", id: hashStepId("b") },
      { op: "RunComplete", id: RUN_COMPLETE_ID, data: { status: 201, headers: { "x-own": "1" }, body: '{"b":2,"sku":"7"}' } },
    ]);
    expect(client.clock.timerCount).toBe(0);
  });

  test("costs one request to the server with one step or none", async () => {
    const { client, server } = endpointTest();
    await client.endpoint((_request, { step }) => step.run("a", () => 1).then(() => new Response(null, { status: 204 })))(new Request(APP));
    expect(server.requests).toHaveLength(1);
    expect(server.run.output).toEqual({ status: 204, headers: {}, body: "" });
  });

  test("may have a body, which the handler reads as ever", async () => {
    const { client, server } = endpointTest();
    const answer = await client.endpoint(async (request) => Response.json(await request.json()))(post('{"é":1}'));
    expect(await answer.json()).toEqual({ é: 1 });
    expect(server.run.event.data["body"]).toBe('{"é":1}');
  });

  test("tools are there as imports, and in what the framework passes on", async () => {
    const { client } = endpointTest();
    const endpoint = client.endpoint(async (_request, { args }) => {
      const value = await currentStep.run("a", () => 1);
      return Response.json([value, await currentStep.run("b", () => 2), args]);
    });
    expect(await (await endpoint(new Request(APP), { params: { id: "9" } })).json()).toEqual([1, 2, [{ params: { id: "9" } }]]);
    expect(() => currentStep.run("a", () => 1)).toThrow("outside of a durable endpoint");
  });

  test("a Response that is thrown is an answer, cookies stay apart", async () => {
    const { client } = endpointTest();
    const headers = new Headers([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    const answer = await client.endpoint(() => {
      throw new Response("no", { status: 403, headers });
    })(new Request(APP));
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, ["a=1", "b=2"]]);
  });
});

describe("a request that needs the server", () => {
  const sleepy = (options = {}) => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step }) => {
      const a = await step.run("a", () => 1);
      await step.sleep("z", "1h");
      return Response.json({ a });
    }, options);
    return { endpoint, server };
  };

  test("is redirected to where the answer will be", async () => {
    const { endpoint, server } = sleepy();
    const answer = await endpoint(new Request(APP));
    const { id } = server.run;
    expect([answer.status, answer.headers.get("location")]).toEqual([
      302,
      `http://server.test/v1/http/runs/${id}/output?token=token-${id}`,
    ]);
    expect(server.requests.map((request) => opsOf(request))).toMatchObject([[{ op: "StepRun" }], [{ op: "Sleep", name: "1h" }]]);
    expect(await playToEnd(endpoint, server)).toBe(1);
    expect(server.run.output).toMatchObject({ status: 200, body: '{"a":1}' });
  });

  test("may be redirected elsewhere, or given the token", async () => {
    const location = async (asyncRedirectUrl: unknown) => {
      const { endpoint, server } = sleepy({ asyncRedirectUrl });
      const { headers } = await endpoint(new Request(APP));
      return headers.get("location")?.replaceAll(server.run.id, "RUN");
    };
    expect(await location("/wait")).toBe("http://app.test/wait?runId=RUN&token=token-RUN");
    expect(await location("https://other.test/?a=1")).toBe("https://other.test/?a=1&runId=RUN&token=token-RUN");
    expect(await location(({ runId }: { readonly runId: string }) => `/runs/${runId}`)).toBe("http://app.test/runs/RUN");
    expect(
      await location(() => {
        throw new Error("no");
      }),
    ).toBe("http://server.test/v1/http/runs/RUN/output?token=token-RUN");
    const { endpoint, server } = sleepy({ asyncResponse: "token" });
    const answer = await endpoint(new Request(APP));
    expect([answer.status, await answer.json()]).toEqual([200, { run_id: server.run.id, token: `token-${server.run.id}` }]);
  });

  test("a step that fails goes to the server after the results before it", async () => {
    const { client, server } = endpointTest();
    let tries = 0;
    const endpoint = client.endpoint(async (_request, { step }) => {
      const a = await step.run("a", () => 1);
      const b = await step.run("b", () => {
        tries += 1;
        if (tries < 3) throw new Error("not yet");
        return "b";
      });
      return Response.json([a, b]);
    });
    expect((await endpoint(new Request(APP))).status).toBe(302);
    expect(server.requests.map((request) => opsOf(request))).toMatchObject([
      [{ op: "StepRun" }],
      [{ op: "StepError", id: hashStepId("b") }],
    ]);
    await playToEnd(endpoint, server);
    expect(server.run.output?.body).toBe('[1,"b"]');
  });

  test("parallel steps are planned", async () => {
    const { client, server } = endpointTest();
    const ran: string[] = [];
    const endpoint = client.endpoint(async (_request, { step }) =>
      Response.json(await Promise.all(["p", "q"].map((id) => step.run(id, () => (ran.push(id), id))))),
    );
    expect((await endpoint(new Request(APP))).status).toBe(302);
    expect(server.requests.map((request) => opsOf(request))).toMatchObject([[{ op: "StepPlanned" }, { op: "StepPlanned" }]]);
    await playToEnd(endpoint, server);
    expect([ran, server.run.output?.body]).toEqual([["p", "q"], '["p","q"]']);
  });

  test("when its time is up, the server is asked to go on", async () => {
    const { client, server } = endpointTest({ checkpointing: { maxRuntime: "10s" } });
    const endpoint = client.endpoint(async (_request, { step }) => {
      const a = await step.run("a", () => (client.clock.advance(11_000), 1));
      return Response.json([a, await step.run("b", () => 2)]);
    });
    expect((await endpoint(new Request(APP))).status).toBe(302);
    expect(server.requests.map((request) => opsOf(request))).toMatchObject([[{ op: "StepRun", data: 1 }, { op: "DiscoveryRequest" }]]);
    await playToEnd(endpoint, server);
    expect(server.run.output?.body).toBe("[1,2]");
  });
});

describe("a handler that fails", () => {
  test("is tried again by the server", async () => {
    const { client, server } = endpointTest();
    let tries = 0;
    const endpoint = client.endpoint(async (_request, { step }) => {
      const a = await step.run("a", () => 1);
      tries += 1;
      if (tries < 3) throw new Error("not yet");
      return Response.json({ a });
    });
    expect((await endpoint(new Request(APP))).status).toBe(302);
    expect(opsOf(server.requests[1])).toMatchObject([{ op: "StepError", id: RUN_COMPLETE_ID, error: { message: "not yet" } }]);
    expect(await playToEnd(endpoint, server)).toBe(2);
    expect(server.run.output?.body).toBe('{"a":1}');
  });

  test.each([
    ["because trying again is pointless", new NonRetriableError("never"), 4],
    ["because it may not be tried again", new Error("never"), 0],
  ])("for good, %s: 500, and the run ends with it", async (_why, error, retries) => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(() => Promise.reject(error), { retries });
    const answer = await endpoint(new Request(APP));
    const body = { code: "endpoint_failed", message: "never", run_id: server.run.id };
    expect([answer.status, await answer.json()]).toEqual([500, body]);
    expect(server.run.output).toMatchObject({ status: 500, body: JSON.stringify(body) });
  });

  test("for good in a later request: the run ends with 500", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step }) => {
      await step.sleep("z", 1_000);
      throw new NonRetriableError("never");
    });
    await endpoint(new Request(APP));
    await playToEnd(endpoint, server);
    expect(server.run.output).toMatchObject({ status: 500, body: expect.stringContaining("never") });
  });

  test.each([
    ["no Response", () => "text" as unknown as Response, "must answer with a Response"],
    ["no text", () => new Response(new Uint8Array([0xff, 0xfe])), "must be text"],
  ])("an answer that is %s is a failure at once", async (_what, handler, message) => {
    const { client } = endpointTest();
    const answer = await client.endpoint(handler)(new Request(APP));
    expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([500, expect.stringContaining(message)]);
  });
});

describe("when the server can't be reached", () => {
  const make = (options = {}) => {
    const { client, server } = endpointTest();
    const ran: string[] = [];
    const endpoint = client.endpoint(async (request, { step }) => {
      await step.run("a", () => ran.push("a"));
      await step.run("b", () => ran.push("b"));
      if (request.url.includes("sleep")) await step.sleep("z", "1h");
      return Response.json(ran);
    }, options);
    return { client, server, ran, endpoint };
  };

  test("no step begins before the results of those before it are stored: 503", async () => {
    const { endpoint, server, ran } = make();
    server.fate = () => "unreachable";
    const answer = await endpoint(new Request(APP));
    expect([answer.status, answer.headers.get("retry-after"), ((await answer.json()) as { code: string }).code]).toEqual([
      503,
      "5",
      "server_unreachable",
    ]);
    expect(ran).toEqual(["a"]);
  });

  test("an answer that is there is given all the same", async () => {
    const { endpoint, server, client } = make();
    server.fate = ({ url }) => (url.endsWith("/steps") ? "unreachable" : "answered");
    const answer = await endpoint(new Request(APP));
    expect([answer.status, await answer.json()]).toEqual([200, ["a", "b"]]);
    expect(client.logs.join()).toContain("was not stored");
  });

  test("`continue` serves the request without it, as far as that goes", async () => {
    const { endpoint, server, ran } = make({ whenUnreachable: "continue" });
    server.fate = () => "unreachable";
    expect(await (await endpoint(new Request(APP))).json()).toEqual(["a", "b"]);
    expect(ran).toEqual(["a", "b"]);
    expect((await endpoint(new Request(`${APP}&sleep`))).status).toBe(503);
  });

  test("for a moment only, nobody notices", async () => {
    const { endpoint, server, ran } = make();
    let count = 0;
    server.fate = () => {
      count += 1;
      return count % 3 === 0 ? "answered" : count % 3 === 1 ? "unreachable" : "lost";
    };
    expect(await (await endpoint(new Request(APP))).json()).toEqual(["a", "b"]);
    expect([ran, server.runs.size]).toEqual([["a", "b"], 1]);
  });

  test("what it refuses fails the request, and ends the run", async () => {
    const { endpoint, server, ran } = make();
    server.fate = ({ body = "" }) => (body.includes("RunComplete") ? "answered" : { status: 413, body: '{"message":"too large"}' });
    const answer = await endpoint(new Request(APP));
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("too large")]);
    expect([ran, server.run.output?.status]).toEqual([["a"], 500]);
  });

  test("a run that was cancelled meanwhile runs no further step; its caller is told by the output", async () => {
    const { endpoint, server, ran } = make();
    server.fate = ({ url }) => (url.endsWith("/steps") ? { status: 409, body: "{}" } : "answered");
    expect((await endpoint(new Request(`${APP}&sleep`))).status).toBe(302);
    expect(ran).toEqual(["a", "b"]);
  });

  test("a server that reads bodies as base64 gets them so", async () => {
    const { client, server } = endpointTest();
    server.fate = ({ body = "" }) => (body.includes("näh") ? { status: 400, body: '{"error":"Invalid request body"}' } : "answered");
    await client.endpoint(() => new Response("ok"))(post("näh"));
    expect(server.run.event.data["body"]).toBe(btoa(String.fromCharCode(...new TextEncoder().encode("näh"))));
  });
});

describe("a later request", () => {
  const key = "signkey-test-8f0e5a3c";

  test("is told by the run's id and a signature, even an empty one", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint((_request, { runId }) => new Response(runId));
    await endpoint(new Request(APP));
    const { run } = server;
    const first = async (headers: Readonly<Record<string, string>>) => (await endpoint(new Request(APP, { headers }))).status;
    expect([await first({ "x-run-id": run.id }), await first({ "x-inngest-signature": "" })]).toEqual([200, 200]);
    expect(server.runs.size).toBe(3);
    const answer = await endpoint(again(run));
    expect([answer.status, answer.headers.get("x-inngest-sdk"), answer.headers.get("x-inngest-req-version")]).toEqual([
      206,
      expect.stringMatching(/^pawl-js:v/),
      "2",
    ]);
    expect(await answer.json()).toMatchObject([{ op: "RunComplete", id: RUN_COMPLETE_ID, data: { status: 200, body: run.id } }]);
  });

  test("needs a valid signature in production, and is answered with one", async () => {
    const { client, server } = endpointTest({ isDev: false, signingKey: key });
    const endpoint = client.endpoint(async (request) => new Response(await request.text()));
    expect((await endpoint(post('{"a":1}'))).status).toBe(200);
    const { run } = server;
    const unsigned = await endpoint(again(run));
    expect([unsigned.status, unsigned.headers.get("x-inngest-sdk")]).toEqual([401, null]);
    const signed = await endpoint(again(run, { "x-inngest-signature": sign('{"a":1}', key, client.clock.now() / 1_000) }));
    expect([signed.status, signed.headers.get("x-inngest-signature")]).toEqual([206, expect.stringMatching(/^t=\d+&s=[0-9a-f]{64}$/)]);
    expect((await endpointTest({ isDev: false }).client.endpoint(() => new Response(""))(new Request(APP))).status).toBe(500);
  });

  test("runs the step that is asked for, and plans when told to", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(async (_request, { step }) => {
      const [p] = await Promise.all([step.run("p", () => 1), step.run("q", () => 2)]);
      return Response.json(p);
    });
    await endpoint(new Request(APP));
    const ops = async (headers: Readonly<Record<string, string>>) => (await endpoint(again(server.run, headers))).json();
    expect(await ops({ "x-inngest-step-id": hashStepId("q") })).toMatchObject([{ op: "StepRun", id: hashStepId("q"), data: 2 }]);
    server.run.steps.set(hashStepId("q"), { data: 2 });
    expect(await ops({ "x-inngest-force-step-plan": "true" })).toMatchObject([{ op: "StepPlanned", id: hashStepId("p") }]);
  });

  test("fails, to be tried again, when the run's state can't be had", async () => {
    const { client, server } = endpointTest();
    const endpoint = client.endpoint(() => new Response(""));
    await endpoint(new Request(APP));
    server.fate = () => ({ status: 410, body: "gone" });
    expect((await endpoint(again(server.run))).status).toBe(500);
  });
});

describe("what can't be repeated is refused before the handler is entered", () => {
  test.each([
    ["too large a body", new Uint8Array(4 * 1_024 * 1_024 + 1).fill(97), 413],
    ["a body that is no text", new Uint8Array([0xff, 0x00]), 415],
  ])("%s", async (_what, body, status) => {
    const { client, server } = endpointTest();
    let isEntered = false;
    const endpoint = client.endpoint(() => {
      isEntered = true;
      return new Response("");
    });
    expect((await endpoint(new Request(APP, { method: "POST", body }))).status).toBe(status);
    expect([isEntered, server.requests]).toEqual([false, []]);
  });

  test.each([[{ functionId: " " }], [{ retries: 21 }], [{ asyncResponse: "x" }], [{ whenUnreachable: "x" }], [{ origin: "app" }]])(
    "%j is a mistake",
    (options) => {
      expect(() => endpointTest().client.endpoint(() => new Response(""), options as never)).toThrow("endpoint:");
    },
  );

  test("the server is given the public origin where it is set", async () => {
    const { client, server } = endpointTest();
    await client.endpoint(() => new Response(""), { origin: "https://shop.example" })(new Request(APP));
    expect(server.run.event.data["domain"]).toBe("https://shop.example");
  });
});
