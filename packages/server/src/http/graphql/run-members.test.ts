/** Members of GraphQL's runs, and the stream: what was deferred, batches, metadata, skipped runs. */
import { afterEach, expect, test } from "vitest";
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

let server: TestServer;
afterEach(() => server.stop());

async function started(options: TestServerOptions = {}): Promise<void> {
  server = await testServer(options);
}

async function ask(query: string, variables: object = {}): Promise<Json> {
  const { body } = await server.post("/v0/gql", { query, variables });
  expect(body.errors).toBeUndefined();
  return body.data;
}

const FROM = new Date(START - 1_000).toISOString();

async function runs(fields: string, filter = ""): Promise<readonly Json[]> {
  const query = `query ($from: Time!) { runs(orderBy: [{ field: QUEUED_AT, direction: ASC }], filter: { from: $from ${filter} }) { totalCount edges { node { ${fields} } } } }`;
  const { runs: found } = await ask(query, { from: FROM });
  expect(found.totalCount).toBe(found.edges.length);
  return found.edges.map(({ node }: Json) => node);
}

test("a run tells what it has deferred; what was deferred tells by whom, and with what else", async () => {
  const defer = (id: string, slug = "shop-mail"): object => ({ op: "DeferAdd", id, opts: { fn_slug: slug, input: { id } } });
  const abort = { op: "DeferAbort", id: "x", opts: { target_hashed_id: "b" } };
  await started({
    functions: [functionConfig("shop-import"), functionConfig("shop-mail", { triggers: [] })],
    app: ({ event, steps }) =>
      event.name === "inngest/deferred.schedule" || "s" in steps
        ? answer(200, 1)
        : answer(206, [defer("a"), defer("b"), defer("c"), defer("d", ""), abort, { op: "StepRun", id: "s", name: "s", data: 1 }]),
  });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const member = "hashedDeferID userlandDeferID status fnSlug runID run { id } function { slug }";
  const fields = `id isDeferred defers { ${member} } siblingDefers { ${member} } deferredFrom { ${member} }`;
  const [parent] = await runs(fields, "isDeferred: false");
  const children = await runs(fields, "isDeferred: true");
  const [first, second] = children;
  const mail = { fnSlug: "shop-mail", function: { slug: "shop-mail" } };
  const startedAs = (id: string, runId: string): object => ({
    ...mail,
    hashedDeferID: id,
    userlandDeferID: id,
    status: "SCHEDULED",
    runID: runId,
    run: { id: runId },
  });
  const idOf = (defer: string): string => parent.defers.find((each: Json) => each.hashedDeferID === defer).runID;
  expect(parent).toEqual({
    id: parent.id,
    isDeferred: false,
    defers: [
      startedAs("a", idOf("a")),
      { ...mail, hashedDeferID: "b", userlandDeferID: "b", status: "ABORTED", runID: null, run: null },
      startedAs("c", idOf("c")),
      { fnSlug: "", function: null, hashedDeferID: "d", userlandDeferID: "d", status: "REJECTED", runID: null, run: null },
    ],
    siblingDefers: [],
    deferredFrom: [],
  });
  expect(new Set([idOf("a"), idOf("c")])).toEqual(new Set([first.id, second.id]));
  for (const child of children) {
    const own = child.id === idOf("a") ? "a" : "c";
    expect(child).toMatchObject({ isDeferred: true, defers: [], deferredFrom: [startedAs(own, parent.id)] });
    expect(child.siblingDefers.map(({ hashedDeferID }: Json) => hashedDeferID)).toEqual(["a", "b", "c", "d"].filter((id) => id !== own));
  }
  expect(await runs("id")).toHaveLength(3);
});

test("a run of a batch tells its batch, also where that was of one event", async () => {
  await started({ config: { batchEvents: { maxSize: 10, timeout: "1m" } } });
  const [eventId = ""] = await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  await server.clock.advance(60_000);
  const [run] = await runs("id isBatch batchCreatedAt triggerIDs");
  const began = new Date(START).toISOString().replace(".000", "");
  expect(run).toMatchObject({ isBatch: true, batchCreatedAt: began, triggerIDs: [eventId] });
  const { functionRun, runTrigger } = await ask(
    `query ($id: ID!, $run: String!) { functionRun(query: { functionRunId: $id }) { batchID batchCreatedAt } runTrigger(runID: $run) { isBatch batchID } }`,
    { id: run.id, run: run.id },
  );
  expect(functionRun).toEqual({ batchID: expect.stringMatching(/^[0-9A-Z]{26}$/), batchCreatedAt: began });
  expect(runTrigger).toEqual({ isBatch: true, batchID: functionRun.batchID });
  const { trigger } = (await server.get(`/v2/runs/${run.id}`)).body.data;
  expect(trigger).toEqual({ eventIds: [eventId], eventName: "shop/imported", isBatch: true, batchId: functionRun.batchID });
  expect((await server.get(`/v1/runs/${run.id}`)).body.data.batch_id).toBe(functionRun.batchID);
  const { rerun } = await ask(`mutation ($id: ULID!) { rerun(runID: $id) }`, { id: run.id });
  expect((await server.get(`/v1/runs/${rerun}`)).body.data).not.toHaveProperty("batch_id");
});

test("spans have the metadata of the run and of its steps, and a run says whether an AI took part", async () => {
  const metadata = [{ kind: "inngest.ai", op: "set", scope: "step", values: { model: "m" } }];
  const step = { op: "StepRun", id: "s", name: "s", data: 1, opts: {}, metadata };
  await started({ app: ({ steps }) => ("s" in steps ? answer(200, 1) : answer(206, [step])) });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const [run] = await runs("id hasAI");
  expect(run.hasAI).toBe(true);
  await server.post(`/v1/runs/${run.id}/metadata`, { metadata: [{ kind: "userland.rows", op: "merge", values: { n: 0 } }] });
  const fields = "metadata { scope kind values updatedAt }";
  const { runTrace } = await ask(`query ($id: String!) { runTrace(runID: $id) { ${fields} childrenSpans { stepID ${fields} } } }`, run);
  const updatedAt = new Date(START).toISOString().replace(".000", "");
  expect(runTrace.metadata).toEqual([{ scope: "run", kind: "userland.rows", values: { n: 0 }, updatedAt }]);
  expect(runTrace.childrenSpans).toEqual([
    { stepID: "s", metadata: [{ scope: "step", kind: "inngest.ai", values: { model: "m" }, updatedAt }] },
  ]);
});

test("the stream has events and ticks of schedules, newest first, from either end of a range", async () => {
  const triggers = [{ event: "shop/imported" }, { cron: "* * * * *" }];
  await started({ config: { triggers } });
  const [first = ""] = await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  await server.clock.advance(60_000);
  const [last = ""] = await server.engine.send([{ name: "shop/other", data: {} }]);
  await settled();
  const stream = async (query: string): Promise<readonly Json[]> =>
    (await ask(`{ stream(query: { ${query} }) { id trigger type createdAt inBatch runs { id status } } }`)).stream;
  const items = await stream("");
  expect(items).toMatchObject([
    { id: last, trigger: "shop/other", type: "EVENT", runs: [] },
    { trigger: "* * * * *", type: "CRON", runs: [{ status: "COMPLETED" }] },
    { id: first, trigger: "shop/imported", type: "EVENT", inBatch: false, runs: [{ status: "COMPLETED" }] },
  ]);
  expect(await stream("limit: 1")).toEqual(items.slice(0, 1));
  expect(await stream(`after: "${first}"`)).toEqual(items.slice(0, 2));
  expect(await stream(`before: "${last}"`)).toEqual(items.slice(1));
  expect((await stream("includeInternalEvents: true")).length).toBeGreaterThan(3);
  const { body } = await server.post("/v0/gql", { query: `{ stream(query: { after: "x" }) { id } }` });
  expect(body.errors[0].message).toContain("not one that this server gave");
});

test("the trace of a run that was skipped says so, and why", async () => {
  await started();
  await server.post("/ui/v1/functions/shop-import/pause", { mode: "drop" });
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const [run] = await runs("id status");
  expect(run.status).toBe("SKIPPED");
  const { runTrace } = await ask(`query ($id: String!) { runTrace(runID: $id) { status skipReason } }`, run);
  expect(runTrace).toEqual({ status: "SKIPPED", skipReason: "function-paused" });
  expect((await server.get(`/v2/runs/${run.id}/trace`)).body.data.rootSpan.status).toBe("SKIPPED");
});

test("runs are filtered by the time that they are ordered by, unless it is said to be another", async () => {
  await started();
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const query = (filter: string): string =>
    `{ runs(orderBy: [{ field: ENDED_AT, direction: DESC }], filter: { from: "${FROM}" ${filter} }) { edges { node { status } } } }`;
  for (const filter of ["", "timeField: ENDED_AT"])
    expect((await ask(query(filter))).runs.edges).toEqual([{ node: { status: "COMPLETED" } }]);
  const { body } = await server.post("/v0/gql", { query: query("timeField: QUEUED_AT") });
  expect(body.errors[0].message).toContain("use the same field for both");
});

test("there are no sessions of a debugger and no history of the older shape; what names a session is taken all the same", async () => {
  await started();
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  await settled();
  const [{ id }] = await runs("id");
  const { rerun } = await ask(`mutation ($id: ULID!) { rerun(runID: $id, debugSessionID: $id, debugRunID: $id) }`, { id });
  expect(rerun).not.toBe(id);
  for (const query of [
    "{ debugRun { id } }",
    `{ functionRun(query: { functionRunId: "${id}" }) { history { id } } }`,
    `mutation { createDebugSession { debugRunID } }`,
  ])
    expect([query, (await server.post("/v0/gql", { query })).status]).toEqual([query, 400]);
});
