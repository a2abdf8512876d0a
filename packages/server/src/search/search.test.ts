/** Searching runs and events by expression, over GraphQL and the dashboard's API. */
import { afterEach, expect, test } from "vitest";
import { answer, type Json, settled, START, testServer, type TestServer } from "../http/test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

/** Orders 0 to 5; each run ends with its order's number, odd ones fail. */
async function orders(): Promise<void> {
  server = await testServer({
    functions: [config(0)],
    app: ({ event }) => {
      const n = Number(event.data["n"]);
      return n % 2 === 0 ? answer(200, { n }) : answer(400, { name: "StockError", message: `none left of ${String(n)}` });
    },
  });
  for (let n = 0; n < 6; n++) {
    await server.engine.send([{ name: "shop/imported", data: { n, sku: n < 3 ? "a" : "b" } }]);
    await settled();
    await server.clock.advance(1_000);
  }
}

function config(attempts: number): Readonly<Record<string, unknown>> {
  const url = "http://127.0.0.1:9/api/pawl?fnId=shop-import&stepId=step";
  const step = { id: "step", name: "step", runtime: { type: "http", url }, retries: { attempts } };
  return { id: "shop-import", name: "import", triggers: [{ event: "shop/imported" }], steps: { step } };
}

async function ask(query: string, variables: object): Promise<Json> {
  const { body } = await server.post("/v0/gql", { query, variables });
  return body.errors?.[0] ?? body.data;
}

const FROM = new Date(START - 1_000).toISOString();
const RUNS = `query ($query: String, $first: Int! = 10, $after: String, $status: [FunctionRunStatus!]) {
  runs(first: $first, after: $after, orderBy: [{ field: QUEUED_AT, direction: ASC }], filter: { from: "${FROM}", query: $query, status: $status }) {
    edges { node { output } } pageInfo { hasNextPage endCursor } totalCount } }`;
const EVENTS = `query ($query: String, $first: Int! = 10, $after: String) {
  eventsV2(first: $first, after: $after, filter: { from: "${FROM}", query: $query }) { edges { node { raw } } pageInfo { hasNextPage endCursor } totalCount } }`;

/** Numbers of the orders of a list of runs. */
function numbers({ runs }: Json): readonly number[] {
  return runs.edges.map(({ node }: Json) => Number(/(?:left of |"n":)(\d)/.exec(node.output as string)?.[1]));
}

test.each([
  ["event.data.sku == 'b'", [3, 4, 5]],
  ["run.status == 'FAILED' && error.message.endsWith('5')", [5]],
  ["output.n > 1", [2, 4]],
  [`date(run.queuedAt) >= date(${String(START + 4_000)})`, [4, 5]],
  ["  ", [0, 1, 2, 3, 4, 5]],
])("GraphQL finds runs where %s", async (query, expected) => {
  await orders();
  const found = await ask(RUNS, { query });
  expect(numbers(found)).toEqual(expected);
  expect(found.runs).toMatchObject({ totalCount: expected.length, pageInfo: { hasNextPage: false } });
});

test("an expression goes together with the other filters, and is paged", async () => {
  await orders();
  const variables = { query: "event.data.n > 0", status: ["COMPLETED"], first: 1 };
  const first = await ask(RUNS, variables);
  expect([numbers(first), first.runs.totalCount, first.runs.pageInfo.hasNextPage]).toEqual([[2], 2, true]);
  const second = await ask(RUNS, { ...variables, after: first.runs.pageInfo.endCursor });
  expect([numbers(second), second.runs.totalCount]).toEqual([[4], 2]);
});

test("GraphQL finds events, newest first, and pages them", async () => {
  await orders();
  const variables = { query: "event.data.sku == 'a'", first: 2 };
  const raws = ({ eventsV2 }: Json): readonly number[] => eventsV2.edges.map(({ node }: Json) => JSON.parse(node.raw).data.n as number);
  const first = await ask(EVENTS, variables);
  expect([raws(first), first.eventsV2.totalCount, first.eventsV2.pageInfo.hasNextPage]).toEqual([[2, 1], 3, true]);
  const second = await ask(EVENTS, { ...variables, after: first.eventsV2.pageInfo.endCursor });
  expect([raws(second), second.eventsV2.pageInfo.hasNextPage]).toEqual([[0], false]);
});

test.each([
  [RUNS, "steps.a == 1", "query is no valid expression: line 1, column 1: unknown variable `steps`; expected event, run, output or error"],
  [RUNS, "output.n = 1", "query is no valid expression"],
  [EVENTS, "output.n == 1", "query is no valid expression: line 1, column 1: unknown variable `output`; expected event"],
])("GraphQL refuses a bad expression with the reason", async (document, query, message) => {
  await orders();
  expect((await ask(document, { query })).message).toContain(message);
});

test("the dashboard's lists take an expression as `if`", async () => {
  await orders();
  const url = (path: string, condition: string, rest = ""): string => `/ui/v1/${path}?if=${encodeURIComponent(condition)}${rest}`;
  const { body: first } = await server.get(url("runs", "event.data.n < 4 && output != null", "&limit=1"));
  expect(first.items).toHaveLength(1);
  const { body: second } = await server.get(url("runs", "event.data.n < 4 && output != null", `&limit=2&cursor=${first.next as string}`));
  expect([second.items.length, second.next]).toEqual([1, undefined]);
  const { body: events } = await server.get(url("events", "event.data.n == 4"));
  expect(events.items.map(({ data }: Json) => data)).toEqual(['{"n":4,"sku":"b"}']);
  const refused = await server.get(url("runs", "output.n ="));
  expect([refused.status, refused.body.error.code]).toEqual([400, "invalid-request"]);
});

test("a bulk operation's condition knows the run and what it ended with, too", async () => {
  await orders();
  const condition = "error.name == 'StockError' && event.data.n > 1 && run.status == 'FAILED'";
  const { status } = await server.post("/ui/v1/bulks", { kind: "replay", functionSlug: "shop-import", if: condition, delayMs: 0 });
  await server.clock.advance(5_000);
  expect(status).toBe(200);
  const { body } = await server.get("/ui/v1/bulks");
  expect(body.items).toMatchObject([{ status: "ended", seen: 6, done: 2 }]);
  const refused = await server.post("/ui/v1/bulks", { kind: "replay", functionSlug: "shop-import", if: "async.data.x == 1" });
  expect(refused.status).toBe(400);
});
