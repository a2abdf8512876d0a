/** What must compile, with which types, and what must not. Checked by `tsc` (see `types.test.ts`). */
import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  createDefer,
  cron,
  eventRecord,
  eventType,
  invoke,
  Pawl,
  referenceFunction,
  staticSchema,
  type Any,
  type GetFunctionOutput,
  type GetStepTools,
  type Jsonify,
  type StepTools,
} from "./index.ts";
import { eventSchemas, Inngest } from "./inngest.ts";
import { useRealtime } from "./react.ts";
import { channel, subscribe } from "./realtime.ts";

// --- Durable endpoints -----------------------------------------------------------------------------------------------------------
class FrameworkRequest extends Request {
  readonly cookies: ReadonlyMap<string, string> = new Map();
}
const endpoint = new Pawl({ id: "a" }).endpoint(async (request: FrameworkRequest, { step, stream, args }) => {
  expectTypeOf(request.cookies.get("a")).toEqualTypeOf<string | undefined>();
  expectTypeOf(args).toEqualTypeOf<readonly unknown[]>();
  expectTypeOf(await step.run("a", () => ({ at: new Date() }))).toEqualTypeOf<{ at: string }>();
  expectTypeOf(await stream.pipe(new ReadableStream<string>())).toEqualTypeOf<string>();
  return Response.json({});
});
expectTypeOf(endpoint).toEqualTypeOf<(request: FrameworkRequest, ...args: unknown[]) => Promise<Response>>();
// @ts-expect-error An endpoint answers with a Response.
new Pawl({ id: "a" }).endpoint(() => ({ ok: true }));
// @ts-expect-error There is no such answer.
new Pawl({ id: "a" }).endpoint(() => new Response(""), { asyncResponse: "later" });

// --- Jsonify ---------------------------------------------------------------------------------------------------------------------
class Account {
  readonly id: string = "";
  readonly since: Date = new Date();
  close(): void {}
}
type Row = {
  readonly at: Date;
  maybe: string | undefined;
  optional?: number;
  gone: undefined;
  fn: () => void;
  nullable: string | null;
  list: (Date | undefined)[];
  pair: [Date, number];
  map: Map<string, number>;
  nested: { account: Account };
  free: unknown;
  anything: Any;
};
type JsonRow = {
  at: string;
  maybe?: string;
  optional?: number;
  nullable: string | null;
  list: (string | null)[];
  pair: [string, number];
  map: Record<never, never>;
  nested: { account: { id: string; since: string } };
  free: unknown;
  anything: Any;
};
expectTypeOf<Jsonify<Row>>().toEqualTypeOf<JsonRow>();
expectTypeOf<Jsonify<Jsonify<Row>>>().toEqualTypeOf<JsonRow>();
expectTypeOf<Jsonify<void>>().toEqualTypeOf<null>();
expectTypeOf<Jsonify<string | undefined>>().toEqualTypeOf<string | null>();
expectTypeOf<Jsonify<Any>>().toBeAny();
expectTypeOf<Jsonify<unknown>>().toBeUnknown();
expectTypeOf<Jsonify<{ [key: string]: Date; known: Date }>>().toEqualTypeOf<{ [key: string]: string; known: string }>();
type Tree = { value: number; children: Tree[] };
expectTypeOf<Jsonify<Tree>["children"][number]["value"]>().toEqualTypeOf<number>();
type Branded = string & { readonly brand: "id" };
expectTypeOf<Jsonify<Branded>>().toEqualTypeOf<Branded>();

// --- A client that knows its events ----------------------------------------------------------------------------------------------
const paid = eventType("order/paid", { schema: z.object({ order: z.number() }) });
const shipped = eventType("order/shipped", { schema: staticSchema<{ order: number; carrier?: string }>() });
const coerced = eventType("stock/count", { schema: z.object({ n: z.string().transform(Number) }) });
const client = new Pawl({ id: "shop", events: [paid, shipped, coerced] });

void client.send({ name: "order/paid", data: { order: 1 } });
void client.send([{ name: "order/paid", data: { order: 1 } }, shipped.create({ order: 2 })], { env: "x" });
void client.send({ name: "stock/count", data: { n: "12" } });
void client.send(eventType("not/listed").create({ a: 1 }));
// @ts-expect-error a member is missing
void client.send({ name: "order/paid", data: {} });
// @ts-expect-error data is missing
void client.send({ name: "order/paid" });
// @ts-expect-error an unknown name
void client.send({ name: "order/padi", data: { order: 1 } });

client.createFunction({ id: "a", triggers: { event: "order/paid" } }, ({ event, events, step }) => {
  expectTypeOf(event.data.order).toEqualTypeOf<number>();
  expectTypeOf(events[0].data.order).toEqualTypeOf<number>();
  expectTypeOf(event.name).toEqualTypeOf<"order/paid" | "inngest/function.invoked">();
  void step.sendEvent("s", { name: "order/shipped", data: { order: 1 } });
  // @ts-expect-error wrong type
  void step.sendEvent("s", { name: "order/shipped", data: { order: "1" } });
});
client.createFunction({ id: "b" }, { event: "stock/count", if: "event.data.n > 1" }, ({ event }) =>
  expectTypeOf(event.data.n).toEqualTypeOf<number>(),
);
client.createFunction({ id: "c" }, [{ event: "order/*" }, cron("0 9 * * *")], ({ event }) => {
  if (event.name === "order/shipped") expectTypeOf(event.data.carrier).toEqualTypeOf<string | undefined>();
  if (event.name === "inngest/scheduled.timer") expectTypeOf(event.data.cron).toEqualTypeOf<string>();
  expectTypeOf(event.name).toEqualTypeOf<"order/paid" | "order/shipped" | "inngest/scheduled.timer" | "inngest/function.invoked">();
});
// @ts-expect-error an unknown event
client.createFunction({ id: "d" }, { event: "order/padi" }, () => 1);
client.createFunction(
  { id: "e", cancelOn: [{ event: "order/paid", match: "data.order" }, { event: shipped }] },
  { event: "inngest/function.finished" },
  ({ event }) => expectTypeOf(event.data.run_id).toEqualTypeOf<string>(),
);
// @ts-expect-error an unknown event
client.createFunction({ id: "f", cancelOn: [{ event: "order/padi" }] }, paid, () => 1);
client.createFunction(
  {
    id: "g",
    triggers: [paid],
    onFailure: ({ error, event, step }) => {
      expectTypeOf(error.message).toEqualTypeOf<string>();
      expectTypeOf(event.data.event.data.order).toEqualTypeOf<number>();
      expectTypeOf(event.data.run_id).toEqualTypeOf<string>();
      void step;
    },
  },
  () => 1,
);

// --- A client that doesn't -------------------------------------------------------------------------------------------------------
const open = new Pawl({ id: "open" });
void open.send({ name: "anything" });
void open.send({ name: "anything", data: { a: 1 } });
open.createFunction({ id: "a" }, { event: "whatever" }, ({ event }) => {
  expectTypeOf(event.data).toBeAny();
  expectTypeOf(event.name).toEqualTypeOf<"whatever" | "inngest/function.invoked">();
});
open.createFunction({ id: "b" }, { event: "app/*" }, ({ event }) => expectTypeOf(event.name).toEqualTypeOf<string>());
open.createFunction({ id: "c" }, paid, ({ event }) => expectTypeOf(event.data.order).toEqualTypeOf<number>());
open.createFunction({ id: "d" }, cron("* * * * *"), ({ event }) => expectTypeOf(event.ts).toEqualTypeOf<number>());

// --- Steps -----------------------------------------------------------------------------------------------------------------------
const typed = client.createFunction({ id: "steps" }, paid, async ({ step, group }) => {
  expectTypeOf(await step.run("a", () => ({ at: new Date() }))).toEqualTypeOf<{ at: string }>();
  expectTypeOf(await step.run("a", async () => {})).toEqualTypeOf<null>();
  const add = (a: number, b?: string): string => `${a}${b}`;
  expectTypeOf(await step.run("a", add, 1)).toEqualTypeOf<string>();
  expectTypeOf(await step.run({ id: "a", name: "A" }, add, 1, "x")).toEqualTypeOf<string>();
  // @ts-expect-error a wrong argument
  void step.run("a", add, "1");
  // @ts-expect-error an argument is missing
  void step.run("a", add);
  expectTypeOf(await step.sleep("s", "1d12h")).toEqualTypeOf<void>();
  void step.sleep("s", "2 days");
  void step.sleep("s", 5_000);
  // @ts-expect-error no duration
  void step.sleep("s", "soon");
  void step.sleepUntil("s", new Date());
  void step.sleepUntil("s", "2030-01-01");
  const waited = await step.waitForEvent("w", { event: "order/shipped", timeout: "3d", if: "async.data.order == 1" });
  expectTypeOf(waited?.data.carrier).toEqualTypeOf<string | undefined>();
  expectTypeOf(await step.waitForEvent("w", { event: paid, timeout: new Date(), match: "data.order" })).toExtend<{
    data: { order: number };
  } | null>();
  // @ts-expect-error either one
  void step.waitForEvent("w", { event: paid, timeout: "1h", match: "data.order", if: "true" });
  // @ts-expect-error a timeout is needed
  void step.waitForEvent("w", { event: paid });
  // @ts-expect-error an unknown event
  void step.waitForEvent("w", { event: "order/padi", timeout: "1h" });
  const first = await step.waitForEvent("w", { event: ["order/shipped", paid], timeout: "1h", lookBack: "5m" });
  if (first?.name === "order/shipped") expectTypeOf(first.data.carrier).toEqualTypeOf<string | undefined>();
  else expectTypeOf(first?.data.order).toEqualTypeOf<number | undefined>();
  const own = await step.waitForEvent("w", {
    event: ["order/shipped", { event: paid, if: "async.data.order > 1" }, { event: "order/paid", match: "data.order" }],
    timeout: "1h",
    lookBack: "run",
    match: "data.order",
  });
  expectTypeOf(own?.name).toEqualTypeOf<"order/shipped" | "order/paid" | undefined>();
  // @ts-expect-error an unknown event in a list
  void step.waitForEvent("w", { event: ["order/shipped", "order/padi"], timeout: "1h" });
  // @ts-expect-error either one
  void step.waitForEvent("w", { event: [{ event: paid, if: "true", match: "data.order" }], timeout: "1h" });
  // @ts-expect-error no duration
  void step.waitForEvent("w", { event: paid, timeout: "1h", lookBack: "always" });
  expectTypeOf(await step.waitForSignal<{ at: Date }>("x", { signal: "s", timeout: "1h" })).toEqualTypeOf<{
    signal: string;
    data: { at: string };
  } | null>();
  expectTypeOf(await step.sendEvent("e", { name: "order/paid", data: { order: 1 } })).toEqualTypeOf<{ ids: string[] }>();
  expectTypeOf(await step.fetch("https://x.example")).toEqualTypeOf<Response>();
  expectTypeOf(await group.parallel({ mode: "race" }, async () => 1)).toEqualTypeOf<number>();
  return { at: new Date(), n: 1 as const };
});
expectTypeOf<GetFunctionOutput<typeof typed>>().toEqualTypeOf<{ at: string; n: 1 }>();
expectTypeOf<GetStepTools<typeof client>>().toEqualTypeOf<StepTools<readonly [typeof paid, typeof shipped, typeof coerced]>>();

// --- Invocation ------------------------------------------------------------------------------------------------------------------
const scored = open.createFunction({ id: "score", triggers: [invoke(z.object({ order: z.number() })), cron("* * * * *")] }, ({ event }) => {
  if (event.name === "inngest/function.invoked") expectTypeOf(event.data.order).toEqualTypeOf<number>();
  return Promise.resolve({ score: 1, at: new Date() });
});
const reference = referenceFunction<typeof scored>({ functionId: "score", appId: "open" });
const described = referenceFunction({ functionId: "x", schemas: { data: z.object({ a: z.string() }), return: z.object({ b: z.date() }) } });
open.createFunction({ id: "caller" }, async ({ step }) => {
  expectTypeOf(await step.invoke("i", { function: scored, data: { order: 1 } })).toEqualTypeOf<{ score: number; at: string }>();
  expectTypeOf(await step.invoke("i", { function: reference, data: { order: 1 }, timeout: "1h" })).toEqualTypeOf<{
    score: number;
    at: string;
  }>();
  expectTypeOf(await step.invoke("i", { function: described, data: { a: "" } })).toEqualTypeOf<{ b: string }>();
  expectTypeOf(await step.invoke("i", { function: "open-score", data: { anything: 1 } })).toBeUnknown();
  expectTypeOf(await step.invoke("i", { function: typed, data: { order: 1 } })).toEqualTypeOf<{ at: string; n: 1 }>();
  // @ts-expect-error a wrong type
  void step.invoke("i", { function: scored, data: { order: "1" } });
  // @ts-expect-error data is missing
  void step.invoke("i", { function: reference });
});

// --- Other ways to declare events, and names of existing code -----------------------------------------------------------------------
const recorded = new Pawl({ id: "r", events: eventRecord<{ "a/b": { x: number }; "c/d": { y?: string } }>() });
void recorded.send({ name: "a/b", data: { x: 1 } });
void recorded.send({ name: "c/d" });
// @ts-expect-error a wrong type
void recorded.send({ name: "a/b", data: { x: "1" } });
recorded.createFunction({ id: "f" }, { event: "a/b" }, ({ event }) => expectTypeOf(event.data.x).toEqualTypeOf<number>());

const inngest = new Inngest({ id: "i", events: eventSchemas<{ "a/b": { data: { x: number } } }>() });
inngest.createFunction({ id: "f", triggers: [{ event: "a/b" }] }, ({ event }) => expectTypeOf(event.data.x).toEqualTypeOf<number>());

// --- Realtime --------------------------------------------------------------------------------------------------------------------
const chat = channel({
  name: ({ userId }: { userId: string }) => `user:${userId}`,
  topics: { tokens: { schema: z.object({ t: z.string() }) }, count: { schema: z.object({ n: z.string().transform(Number) }) }, raw: {} },
});
expectTypeOf<typeof chat.$params>().toEqualTypeOf<{ userId: string }>();
expectTypeOf<typeof chat.$infer.tokens>().toEqualTypeOf<{ t: string }>();
const room = chat({ userId: "1" });
expectTypeOf(room.name).toEqualTypeOf<string>();
expectTypeOf(channel({ name: "lobby", topics: { a: {} } }).name).toEqualTypeOf<"lobby">();
// @ts-expect-error a wrong argument
chat({ user: "1" });
// @ts-expect-error no such topic
void room.nothing;
void open.realtime.publish(room.tokens, { t: "hi" });
void open.realtime.publish(room.raw, 1);
void open.realtime.publish({ channel: "c", topic: "t" }, { anything: 1 });
// @ts-expect-error a wrong type
void open.realtime.publish(room.tokens, { t: 1 });
// @ts-expect-error what goes in, not what comes out
void open.realtime.publish(room.count, { n: 1 });
void open.realtime.token({ channel: room, topics: ["tokens"] });
void open.realtime.token({ channel: "any", topics: ["thing"] });
// @ts-expect-error no such topic
void open.realtime.token({ channel: room, topics: ["nothing"] });
open.createFunction({ id: "rt" }, async ({ step }) => {
  expectTypeOf(await step.realtime.publish("p", room.tokens, { t: "hi" })).toEqualTypeOf<{ t: string }>();
  // @ts-expect-error a wrong type
  void step.realtime.publish("p", room.tokens, { t: 1 });
});
void subscribe({
  app: open,
  channel: room,
  topics: ["tokens", "count"],
  onMessage: (message) => {
    if (message.kind === "data" && message.topic === "tokens") expectTypeOf(message.data).toEqualTypeOf<{ t: string }>();
    if (message.kind === "data" && message.topic === "count") expectTypeOf(message.data).toEqualTypeOf<{ n: number }>();
    if (message.kind === "chunk") expectTypeOf(message.stream).toEqualTypeOf<ReadableStream<string>>();
  },
});
void open.realtime.subscribe({ channel: room, topics: ["tokens"] }).then(async (stream) => {
  const { value } = await stream.getReader().read();
  if (value?.kind === "data") expectTypeOf(value.data).toEqualTypeOf<{ t: string }>();
});
const Component = (): unknown => {
  const { messages } = useRealtime({ channel: room, topics: ["tokens"], token: async () => "key" });
  const last = messages.byTopic.tokens;
  if (last?.kind === "data") expectTypeOf(last.data).toEqualTypeOf<{ t: string }>();
  // @ts-expect-error not subscribed to
  return messages.byTopic.count;
};
void Component;

// --- step.ai, step.fetch ---------------------------------------------------------------------------------------------------------
declare const ai: StepTools["ai"];
const gpt = ai.models.openai({ model: "m" });
const answered = ai.infer("ask", { model: gpt, body: { messages: [{ role: "user", content: "hi" }], temperature: 1 } });
expectTypeOf<Awaited<typeof answered>["choices"][number]["message"]["content"]>().toEqualTypeOf<string | null>();
// @ts-expect-error: a body of another provider
void ai.infer("ask", { model: gpt, body: { contents: [] } });
// @ts-expect-error: the maximum is missing
ai.models.anthropic({ model: "m" });
const own = ai.infer("own", { model: { format: "own", url: "https://x.example", authKey: "k" }, body: { anything: 1 } });
expectTypeOf<Awaited<typeof own>>().toBeAny();
expectTypeOf(ai.wrap("wrap", (n: number) => ({ at: new Date(n) }), 1)).resolves.toEqualTypeOf<{ at: string }>();
expectTypeOf<StepTools["fetch"]>().toExtend<typeof fetch>();

// --- defer -----------------------------------------------------------------------------------------------------------------------
const noted = createDefer(
  new Pawl({ id: "a" }),
  { id: "note", schema: z.object({ n: z.number(), at: z.string().transform((text) => new Date(text)) }) },
  ({ event, events, parents }) => {
    expectTypeOf(event.data).toEqualTypeOf<{ n: number; at: Date }>();
    expectTypeOf(events[0].data).toEqualTypeOf<{ n: number; at: Date }>();
    expectTypeOf(parents[0]?.runId).toEqualTypeOf<string | undefined>();
    return { ok: true };
  },
);
const untyped = createDefer(new Pawl({ id: "a" }), { id: "any" }, ({ event }) => {
  expectTypeOf(event.data).toEqualTypeOf<Record<string, Any>>();
});
// @ts-expect-error Nothing but `defer` triggers it.
createDefer(new Pawl({ id: "a" }), { id: "t", triggers: { event: "x" } }, () => 0);
const plain = new Pawl({ id: "a" }).createFunction({ id: "plain" }, async ({ defer, step }) => {
  const handle = defer("a", { function: noted, data: { n: 1, at: "2026-01-01" }, meta: { why: "type test" } });
  expectTypeOf(handle.abort()).toEqualTypeOf<void>();
  defer("b", { function: untyped });
  defer("c", { function: untyped, data: { whatever: 1 } });
  // @ts-expect-error The data is required.
  defer("d", { function: noted });
  // @ts-expect-error What the schema yields is not what it takes.
  defer("e", { function: noted, data: { n: 1, at: new Date() } });
  // @ts-expect-error Not a deferred function.
  defer("f", { function: plain, data: {} });
  expectTypeOf(await step.invoke("g", { function: noted, data: { n: 1, at: "" } })).toEqualTypeOf<{ ok: boolean }>();
});
