import { afterEach, expect, test, vi } from "vitest";
import {
  answer,
  functionConfig,
  settled,
  START,
  testServer,
  type Json,
  type TestServer,
  type TestServerOptions,
} from "../test-server.fixture.ts";
import { attemptSpanId } from "../../tracing/span-ids.ts";

let server: TestServer;
afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
});

async function started(options: TestServerOptions = {}): Promise<void> {
  server = await testServer(options);
}

async function ask(query: string, variables: object = {}): Promise<Json> {
  const { status, body } = await server.post("/v0/gql", { query, variables });
  expect(body.errors).toBeUndefined();
  expect(status).toBe(200);
  return body.data;
}

async function refusal(query: string, variables: object = {}): Promise<Json> {
  const { body } = await server.post("/v0/gql", { query, variables });
  return body.errors[0];
}

const FROM = new Date(START - 1_000).toISOString();
const RUNS = `query ($after: String, $direction: RunsOrderByDirection!, $status: [FunctionRunStatus!], $from: Time!) {
  runs(first: 2, after: $after, orderBy: [{ field: QUEUED_AT, direction: $direction }], filter: { from: $from, status: $status }) {
    edges { cursor node { id status eventName function { slug } app { externalID } output } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    totalCount
  }
}`;

test("invoking a function, and following it from the event to the run's output", async () => {
  await started({ app: ({ event }) => answer(200, event.data["n"]) });
  expect(await ask(`mutation { invokeFunction(functionSlug: "shop-import", data: { n: 7 }) }`)).toEqual({ invokeFunction: true });
  await settled();
  const { runs } = await ask(RUNS, { direction: "DESC", from: FROM });
  const [{ node }] = runs.edges;
  expect(node).toMatchObject({ status: "COMPLETED", function: { slug: "shop-import" }, app: { externalID: "shop" }, output: "7" });
  const { run, runTrigger } = await ask(
    `query ($id: String!) { run(runID: $id) { triggerIDs isBatch hasAI trace { isRoot status } } runTrigger(runID: $id) { IDs payloads eventName } }`,
    { id: node.id },
  );
  expect(run).toMatchObject({ isBatch: false, hasAI: false, trace: { isRoot: true, status: "COMPLETED" } });
  expect(runTrigger).toMatchObject({ IDs: run.triggerIDs, eventName: "inngest/function.invoked" });
  expect(JSON.parse(runTrigger.payloads[0]).data.n).toBe(7);
  const { eventV2 } = await ask(`query ($id: ULID!) { eventV2(id: $id) { id raw runs { id } } }`, { id: run.triggerIDs[0] });
  expect(eventV2.runs).toEqual([{ id: node.id }]);
});

test("runs are paged in both directions and counted", async () => {
  await started();
  for (let count = 0; count < 3; count++) {
    await server.engine.send([{ name: "shop/imported", data: {} }]);
    await server.clock.advance(1_000);
  }
  const ids = async (direction: string): Promise<readonly string[]> => {
    const { runs: first } = await ask(RUNS, { direction, from: FROM });
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const { runs: second } = await ask(RUNS, { direction, from: FROM, after: first.pageInfo.endCursor });
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    return [...first.edges, ...second.edges].map(({ node }) => node.id as string);
  };
  const descending = await ids("DESC");
  expect(await ids("ASC")).toEqual(descending.toReversed());
  expect((await ask(RUNS, { direction: "DESC", from: FROM, status: ["FAILED"] })).runs).toMatchObject({ edges: [], totalCount: 0 });
});

const TRACE = `query ($id: String!) { runTrace(runID: $id) { ...span childrenSpans { ...span childrenSpans { ...span response { statusCode } } } } }
fragment span on RunTraceSpan {
  name status attempts duration outputID stepOp stepID stepType isRoot parentSpanID spanID run { id }
  stepInfo { __typename ... on SleepStepInfo { sleepUntil } ... on WaitForEventStepInfo { eventName timedOut foundEventID } ... on InvokeStepInfo { functionID runID } ... on RunStepInfo { type } }
}`;

test("a trace has the spans of users' code below the run and the steps", async () => {
  await started({
    app: ({ steps }) =>
      steps["load"] === undefined ? answer(206, [{ op: "StepRun", id: "load", name: "load", data: 1 }]) : answer(200, 1),
  });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const { runs } = await ask(RUNS, { direction: "DESC", from: FROM });
  const { id } = runs.edges[0].node;
  const span = { name: "x", kind: "client", startedAt: START, endedAt: START + 5, attributes: { rows: 3 } };
  const spans = [
    { ...span, id: "00000000000000aa", status: "ok" },
    { ...span, id: "00000000000000bb", status: "error", stepId: "load" },
    { ...span, id: "00000000000000cc", status: "unset", parentId: "00000000000000bb" },
  ];
  const batch = { runId: id, id: "a", spans: JSON.stringify(spans), receivedAt: START };
  await server.engine.store.apply({ guards: [], changes: [{ kind: "insert-spans", batch }] });
  const fields = "spanID traceID isUserland parentSpanID status duration userlandSpan { spanKind spanAttrs }";
  const { runTrace } = await ask(
    `query ($id: String!) { runTrace(runID: $id) { ${fields} childrenSpans { ${fields} childrenSpans { ${fields} childrenSpans { ${fields} } } } } }`,
    { id },
  );
  const userlandSpan = { spanKind: "CLIENT", spanAttrs: '{"rows":3}' };
  const shown = { isUserland: true, traceID: runTrace.traceID, duration: 5, userlandSpan };
  const [own, load] = runTrace.childrenSpans;
  expect(own).toMatchObject({ ...shown, spanID: "00000000000000aa", parentSpanID: runTrace.spanID, status: "COMPLETED" });
  expect(load).toMatchObject({ isUserland: false, userlandSpan: null });
  const [query] = load.childrenSpans;
  expect(query).toMatchObject({ ...shown, spanID: "00000000000000bb", parentSpanID: load.spanID, status: "FAILED" });
  expect(query.childrenSpans).toMatchObject([{ ...shown, spanID: "00000000000000cc", parentSpanID: query.spanID }]);
});

test("spans of users' code are below the attempt that they came from where there were several, and below the step where it is not known", async () => {
  const error = { name: "Error", message: "busy" };
  await started({
    app: ({ ctx, steps }) => {
      if (steps["load"] !== undefined) return answer(200, 1);
      return answer(206, [
        ctx.attempt === 0 ? { op: "StepError", id: "load", name: "load", error } : { op: "StepRun", id: "load", name: "load", data: 1 },
      ]);
    },
  });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  await server.clock.advance(60_000);
  const { runs } = await ask(RUNS, { direction: "DESC", from: FROM });
  const { id } = runs.edges[0].node;
  const span = { name: "x", kind: "client", startedAt: START, endedAt: START + 5, status: "ok" };
  const spans = [
    { ...span, id: "00000000000000aa", stepId: "load", attributes: { "inngest.step.attempt": 0 } },
    { ...span, id: "00000000000000bb", parentId: attemptSpanId("load", 1), attributes: {} },
    { ...span, id: "00000000000000cc", parentId: "00000000000000bb", attributes: {} },
    { ...span, id: "00000000000000dd", stepId: "load", attributes: {} },
    { ...span, id: "00000000000000ee", stepId: "load", attributes: { "inngest.step.attempt": 7 } },
  ];
  const batch = { runId: id, id: "a", spans: JSON.stringify(spans), receivedAt: START };
  await server.engine.store.apply({ guards: [], changes: [{ kind: "insert-spans", batch }] });
  const levels = 4;
  const { runTrace } = await ask(
    `query ($id: String!) { runTrace(runID: $id) { ${"spanID parentSpanID childrenSpans { ".repeat(levels)} spanID parentSpanID ${"}".repeat(levels)} } }`,
    { id },
  );
  const place = (spanID: string, parentSpanID: string): object => ({ spanID, parentSpanID });
  const [load] = runTrace.childrenSpans;
  expect(load.childrenSpans).toMatchObject([
    { ...place(attemptSpanId("load", 0), load.spanID), childrenSpans: [place("00000000000000aa", attemptSpanId("load", 0))] },
    {
      ...place(attemptSpanId("load", 1), load.spanID),
      childrenSpans: [
        { ...place("00000000000000bb", attemptSpanId("load", 1)), childrenSpans: [place("00000000000000cc", "00000000000000bb")] },
      ],
    },
    place("00000000000000dd", load.spanID),
    place("00000000000000ee", load.spanID),
  ]);
});

test("a trace has the steps with what they wait for, their attempts and outputs", async () => {
  await started({
    app: ({ ctx, steps }) => {
      if (!("a" in steps)) {
        const error = { name: "TypeError", message: "boom" };
        return answer(206, [
          ctx.attempt === 0 ? { op: "StepError", id: "a", name: "load", error } : { op: "StepRun", id: "a", name: "load", data: { n: 3 } },
        ]);
      }
      if (!("w" in steps))
        return answer(206, [{ op: "WaitForEvent", id: "w", name: "shop/paid", opts: { event: "shop/paid", timeout: "1m" } }]);
      return "s" in steps ? answer(200, "ok") : answer(206, [{ op: "Sleep", id: "s", displayName: "nap", name: "1h" }]);
    },
  });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  await server.clock.advance(300_000);
  const { runs } = await ask(RUNS, { direction: "DESC", from: FROM });
  const { id } = runs.edges[0].node;
  const { runTrace } = await ask(TRACE, { id });
  expect(runTrace).toMatchObject({ name: "Run", status: "RUNNING", isRoot: true, run: { id } });
  const [load, wait, nap] = runTrace.childrenSpans;
  expect(load).toMatchObject({
    name: "load",
    status: "COMPLETED",
    stepOp: "RUN",
    attempts: 2,
    parentSpanID: runTrace.spanID,
    stepInfo: { type: "step.run" },
  });
  expect(load.childrenSpans).toMatchObject([
    { name: "Attempt 0", status: "FAILED", parentSpanID: load.spanID },
    { name: "Attempt 1", status: "COMPLETED" },
  ]);
  expect(wait).toMatchObject({
    status: "COMPLETED",
    stepInfo: { __typename: "WaitForEventStepInfo", eventName: "shop/paid", timedOut: true, foundEventID: null },
  });
  expect(nap).toMatchObject({ name: "nap", status: "WAITING", stepOp: "SLEEP" });
  const { runTraceSpanOutputByID } = await ask(
    `query ($id: String!) { runTraceSpanOutputByID(outputID: $id) { input data error { message } } }`,
    { id: load.outputID },
  );
  expect(runTraceSpanOutputByID).toEqual({ input: null, data: '{"n":3}', error: null });
});

test("an invoked run is found from its parent's span while it runs", async () => {
  await started({
    functions: [functionConfig("shop-import"), functionConfig("shop-child", { triggers: [{ event: "never" }] })],
    app: (_call, { url }) =>
      url.includes("shop-child")
        ? answer(206, [{ op: "Sleep", id: "s", name: "1h" }])
        : answer(206, [{ op: "InvokeFunction", id: "i", name: "call", opts: { function_id: "shop-child", payload: {} } }]),
  });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const { runs } = await ask(RUNS, { direction: "ASC", from: FROM });
  const [parent, child] = runs.edges.map(({ node }: Json) => node);
  const { runTrace } = await ask(TRACE, { id: parent.id });
  expect(runTrace.childrenSpans).toMatchObject([
    { stepOp: "INVOKE", status: "RUNNING", stepInfo: { functionID: "shop-child", runID: child.id } },
  ]);
});

test("events are listed, with the older shapes too", async () => {
  await started();
  const [eventId = ""] = await server.engine.send([
    { name: "shop/imported", data: { n: 1 }, id: "mine" },
    { name: "other", data: {} },
  ]);
  await settled();
  const { eventsV2 } = await ask(
    `query ($from: Time!) { eventsV2(first: 1, filter: { from: $from }) { totalCount edges { node { name } } pageInfo { hasNextPage endCursor } } }`,
    { from: FROM },
  );
  expect(eventsV2).toMatchObject({ totalCount: 2, edges: [{ node: { name: "other" } }], pageInfo: { hasNextPage: true } });
  const { named } = await ask(
    `query ($from: Time!, $after: String) { named: eventsV2(after: $after, filter: { from: $from, eventNames: ["shop/imported"] }) { edges { node { id idempotencyKey source { sourceKind } } } } }`,
    { from: FROM, after: eventsV2.pageInfo.endCursor },
  );
  expect(named.edges).toEqual([{ node: { id: eventId, idempotencyKey: "mine", source: { sourceKind: "API" } } }]);
  const { event, events } = await ask(
    `query ($id: ID!) { event(query: { eventId: $id }) { payload status totalRuns pendingRuns functionRuns { id status event { id } } } events(query: {}) { name status } }`,
    { id: eventId },
  );
  expect(event).toMatchObject({
    payload: '{"n":1}',
    status: "COMPLETED",
    totalRuns: 1,
    pendingRuns: 0,
    functionRuns: [{ status: "COMPLETED", event: { id: eventId } }],
  });
  expect(events).toEqual([
    { name: "other", status: "NO_FUNCTIONS" },
    { name: "shop/imported", status: "COMPLETED" },
  ]);
});

test("apps and functions, with their options", async () => {
  await started({ config: { concurrency: [{ limit: 3 }] } });
  const { apps, functions, functionBySlug } = await ask(
    `{ apps { id externalID method connected functionCount sdkLanguage sdkVersion functions { slug app { name } } }
       functions { slug concurrency triggers { type value } configuration { retries { value isDefault } concurrency { scope limit { value } } } }
       functionBySlug(query: { functionSlug: "shop-import" }) { name failureHandler { slug } } }`,
  );
  expect(apps).toMatchObject([
    {
      externalID: "shop",
      method: "SERVE",
      connected: true,
      functionCount: 1,
      sdkLanguage: "js",
      sdkVersion: "4.24.0",
      functions: [{ slug: "shop-import", app: { name: "shop" } }],
    },
  ]);
  expect(functions).toMatchObject([
    {
      slug: "shop-import",
      concurrency: 3,
      triggers: [{ type: "EVENT", value: "shop/imported" }],
      configuration: { retries: { value: 4, isDefault: true }, concurrency: [{ limit: { value: 3 } }] },
    },
  ]);
  expect(functionBySlug).toEqual({ name: "import", failureHandler: null });
  expect((await ask(`query ($id: UUID!) { app(id: $id) { name } }`, { id: apps[0].id })).app).toEqual({ name: "shop" });
});

test("apps are added by URL, and deleted", async () => {
  await started();
  const { createApp } = await ask(`mutation { createApp(input: { url: "127.0.0.1:1/api/pawl" }) { id url error connected } }`);
  expect(createApp).toMatchObject({ url: "http://127.0.0.1:1/api/pawl", error: "unreachable", connected: false });
  expect(await ask(`mutation ($id: String!) { deleteApp(id: $id) }`, { id: createApp.id })).toEqual({ deleteApp: createApp.id });
  expect(await ask(`mutation { first: deleteAppByName(name: "shop") again: deleteAppByName(name: "shop") }`)).toEqual({
    first: true,
    again: false,
  });
  expect(await ask("{ apps { id } functions { id } }")).toEqual({ apps: [], functions: [] });
  expect(await refusal(`mutation { createApp(input: { url: "ftp://x" }) { id } }`)).toMatchObject({
    extensions: { code: "invalid_request" },
  });
});

test("a run is cancelled once, and run again", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const { runs } = await ask(RUNS, { direction: "DESC", from: FROM });
  const variables = { id: runs.edges[0].node.id };
  const cancel = `mutation ($id: ULID!) { cancelRun(runID: $id) { id status finishedAt } }`;
  expect((await ask(cancel, variables)).cancelRun).toMatchObject({ ...variables, status: "CANCELLED" });
  expect(await refusal(cancel, variables)).toMatchObject({ extensions: { code: "run_already_ended" } });
  const { rerun } = await ask(`mutation ($id: ULID!) { rerun(runID: $id) }`, variables);
  await settled();
  expect(
    (await ask(`query ($id: ID!) { functionRun(query: { functionRunId: $id }) { status pendingSteps } }`, { id: rerun })).functionRun,
  ).toEqual({ status: "RUNNING", pendingSteps: 1 });
});

test.each([
  ["{ nothing }", "Cannot query field"],
  ["{ apps {", "Syntax Error"],
  [`{ runTrace(runID: "x") { name } }`, "There is no run x."],
  [`{ runTraceSpanOutputByID(outputID: "x") { data } }`, "not one that this server gave"],
  [`mutation { invokeFunction(functionSlug: "none") }`, "There is no function none."],
  [`mutation { invokeFunction(functionSlug: "shop-import", meta: { other: 1 }) }`, "sessions only"],
  [`{ eventsV2(filter: { from: "yesterday" }) { totalCount } }`, "from must be a time"],
])("%s is refused with a sentence", async (query, message) => {
  await started();
  expect((await refusal(query)).message).toContain(message);
});

test("a query that is too deep is refused, also by fragments", async () => {
  await started();
  const nested = `${"functions { app { ".repeat(9)}id${" } }".repeat(9)}`;
  expect((await refusal(`{ apps { ${nested} } }`)).message).toBe("The query is nested 20 levels deep; at most 16 are allowed.");
  const half = `${"functions { app { ".repeat(5)}...rest${" } }".repeat(5)}`;
  const rest = `fragment rest on App { ${"functions { app { ".repeat(5)}id${" } }".repeat(5)} }`;
  expect((await refusal(`{ apps { ${half} } } ${rest}`)).message).toContain("nested 22 levels");
});

test("introspection works for common tools", async () => {
  await started();
  const { getIntrospectionQuery } = await import("graphql");
  const { __schema } = await ask(getIntrospectionQuery());
  expect(__schema.types.map(({ name }: Json) => name)).toContain("RunTraceSpan");
});

test("a fault of the server is logged and masked", async () => {
  await started();
  const logged = vi.spyOn(server.context.logger, "error");
  vi.spyOn(server.engine.store.history, "runsByIds").mockRejectedValue(new Error("password=1"));
  const error = await refusal(`{ run(runID: "01K6ZZZZZZ0000000000000000") { id } }`);
  expect(error).toMatchObject({ path: ["run"], extensions: { code: "internal_server_error" } });
  expect(JSON.stringify(error)).not.toContain("password");
  expect(logged).toHaveBeenCalledOnce();
});

test("the same rules as for the dashboard decide who may ask", async () => {
  await started({ kind: "cloud", signingKey: "abcd" });
  const apps = (headers: Record<string, string>) => server.post("/v0/gql", { query: "{ apps { id } }" }, headers);
  expect(await apps({})).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: "unauthorized" } }] } });
  expect(await apps({ authorization: "Bearer abcd" })).toMatchObject({ status: 200 });
  const { headers } = await server.post("/ui/v1/login", { key: "abcd" });
  expect(await apps({ cookie: String(headers["set-cookie"]).split(";")[0] ?? "" })).toMatchObject({ status: 200 });
  expect(await apps({ authorization: "Bearer abcd", origin: "https://evil.example" })).toMatchObject({ status: 403 });
});
