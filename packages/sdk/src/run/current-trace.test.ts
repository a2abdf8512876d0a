import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pawl } from "../client/client.ts";
import { again, APP, endpointTest } from "../endpoint/endpoint.fixture.ts";
import { callBody, post, world, type World } from "../serve/app.fixture.ts";
import { createHandler } from "../serve/web.ts";

const TRACES = ["a", "b"].map((digit) => ({
  traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01`,
  tracestate: `inngest@traceref=${digit},inngest@app=shop`,
}));
const [TRACE = { traceparent: "", tracestate: "" }, OTHER = TRACE] = TRACES;
const EVENT = { name: "shop/sent" };

let app: World;

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(PAWL|INNGEST)_/.test(name)) vi.stubEnv(name, undefined);
  app = world({ isDev: true, eventKey: "key" }, { reply: () => ({ status: 200, body: '{"ids":["1"],"status":200}' }) });
});
afterEach(() => void vi.unstubAllEnvs());

type Tools = {
  readonly step: { run(id: string, code: () => unknown): Promise<unknown>; sendEvent(id: string, event: object): Promise<unknown> };
};

/** Calls a function with headers; `stepId`: a step that the server asks for. */
async function call(code: (client: Pawl, tools: Tools) => unknown, headers: Record<string, string> = TRACE): Promise<void> {
  const { client } = app;
  const fn = client.createFunction({ id: "sender", checkpointing: false }, { event: "catalogue/uploaded" }, async (context) =>
    code(client, context as unknown as Tools),
  );
  const response = await createHandler({ client, functions: [fn] })(post(callBody, headers, "fnId=shop-sender&stepId=step"));
  expect(response.status).toBeLessThan(300);
}

/** The trace context of each request that was sent. */
function sent(): readonly object[] {
  return app.requests.map(({ headers: { traceparent, tracestate } }) => ({ traceparent, tracestate }));
}

const NONE = { traceparent: undefined, tracestate: undefined };

describe("events that are sent from inside a run carry the trace of the call", () => {
  test("by step.sendEvent", async () => {
    await call((_client, { step }) => step.sendEvent("tell", EVENT));
    expect(sent()).toEqual([TRACE]);
  });

  test("by the client, in a step's code and after it went on later", async () => {
    await call((client, { step }) =>
      step.run("a", async () => {
        await client.send(EVENT);
        await new Promise((resolve) => void setImmediate(resolve));
        await Promise.all([client.send(EVENT), client.send([EVENT, EVENT])]);
      }),
    );
    expect(sent()).toEqual([TRACE, TRACE, TRACE]);
  });

  test("by the client, in the function's code", async () => {
    await call(async (client) => {
      await client.send(EVENT);
      await new Promise((resolve) => void setImmediate(resolve));
      await client.send(EVENT);
    });
    expect(sent()).toEqual([TRACE, TRACE]);
  });

  test("each its own where several calls are in progress", async () => {
    const meet = Promise.withResolvers<void>();
    const first = call(async (client) => {
      await meet.promise;
      await client.send({ name: "first" });
    });
    const second = call(async (client) => {
      meet.resolve();
      await new Promise((resolve) => void setImmediate(resolve));
      await client.send({ name: "second" });
    }, OTHER);
    await Promise.all([first, second]);
    const byName = app.requests.map(({ body = "", headers }) => [body.includes("first") ? "first" : "second", headers["traceparent"]]);
    expect(new Map(byName as [string, string][])).toEqual(
      new Map([
        ["first", TRACE.traceparent],
        ["second", OTHER.traceparent],
      ]),
    );
  });

  test("and none where the call has none, whatever runs around it, or outside of runs", async () => {
    await call(async (client) => {
      await call(async (inner) => inner.send(EVENT), {});
      await client.send(EVENT);
    });
    await app.client.send(EVENT);
    expect(sent()).toEqual([NONE, TRACE, NONE]);
  });

  test("without a tracestate only what there is", async () => {
    await call((client) => client.send(EVENT), { traceparent: TRACE.traceparent });
    expect(sent()).toEqual([{ traceparent: TRACE.traceparent, tracestate: undefined }]);
    expect(app.requests[0]?.headers).not.toHaveProperty("tracestate");
  });

  test("in a durable endpoint that the server calls again; the first request's is its caller's", async () => {
    const { server, client } = endpointTest();
    const sentBy: unknown[] = [];
    server.fate = ({ url, headers }) => {
      if (!url.includes("/e/")) return "answered";
      sentBy.push(headers["traceparent"]);
      return { status: 200, body: '{"ids":["1"]}' };
    };
    const endpoint = client.endpoint(async (_request, { step }) => {
      await step.run("first", () => client.send(EVENT));
      await step.sleep("nap", "1s");
      await client.send(EVENT);
      return new Response("done");
    });
    await endpoint(new Request(APP, { headers: { traceparent: OTHER.traceparent } }));
    for (const { id } of server.run.waiting) server.run.steps.set(id, null);
    expect((await endpoint(again(server.run, TRACE))).status).toBe(206);
    expect(sentBy).toEqual([undefined, TRACE.traceparent]);
  });
});
