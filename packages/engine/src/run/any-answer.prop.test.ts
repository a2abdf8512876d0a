/**
 * Whatever an app answers, something is decided, and stores can keep it. An answer that breaks a decision, or its commit, would be asked for
 * again without end, and its run never fail.
 */
import fc from "fast-check";
import { OPCODES } from "@pawl/protocol";
import { expect, test } from "vitest";
import { context, functionRow, item, NOW, runState, stepRow } from "../fixtures/fixtures.ts";
import { gatewayRequestOf } from "../gateway/gateway-request.ts";
import { classifyReply } from "../reply/classify.ts";
import { decideReply } from "./decide-reply.ts";
import { decideCheckpoint } from "./decide-checkpoint.ts";

const TEXTS = [
  "",
  "x",
  "\u0000",
  "é😀",
  "\ud800",
  "1e9w",
  "99999999999999w",
  "-5s",
  "0.1ms",
  "1e3s",
  "9999-12-31T23:59:59Z",
  "0001-01-01T00:00:00Z",
];
const EXPRESSIONS = ["==", "event.data.x == 1", "async.data.x == event.data.y", "race", "__proto__", "shop-import", "http://127.0.0.1:9/"];
const NUMBERS = [0, -1, 1.5, 1e300, 9e15, -1e300, 2 ** 53, NOW, NOW * 1e6];

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, [], {}, [null], { a: 1 }),
  fc.constantFrom<unknown>(...TEXTS, ...EXPRESSIONS, ...NUMBERS),
);
const oddOf = (...keys: readonly string[]) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.record(Object.fromEntries(keys.map((key) => [key, odd])), { requiredKeys: [] }) },
    { weight: 1, arbitrary: odd },
  );

/** What is of another kind makes the whole answer unreadable, so it is rare. */
const text = fc.oneof({ weight: 30, arbitrary: fc.constantFrom<unknown>(...TEXTS, null) }, { weight: 1, arbitrary: odd });

const options = fc.record(
  {
    ...Object.fromEntries(
      "duration event if signal conflict url method body format auth_key fn_slug input meta target_hashed_id parallelMode type events lookBack"
        .split(" ")
        .map((key) => [key, odd]),
    ),
    function_id: fc.oneof(fc.constant("shop-import"), odd),
    timeout: fc.oneof(fc.constant("1h"), odd),
    payload: oddOf("data", "id", "ts", "user", "v", "meta"),
    publish: oddOf("channel", "topic"),
    headers: oddOf("a", "content-type", "x y"),
    retry: oddOf("attempts", "kind", "min", "max", "factor", "jitter"),
  },
  { requiredKeys: [] },
);
const update = fc.record({
  kind: fc.constant("userland.x"),
  scope: odd,
  op: fc.constantFrom("merge", "set"),
  values: fc.record({ a: odd }),
});
const step = fc.record(
  {
    op: fc.constantFrom(...OPCODES),
    id: fc.oneof({ weight: 20, arbitrary: fc.constantFrom<unknown>("a", "b", "c", "\u0000") }, { weight: 1, arbitrary: odd }),
    name: text,
    displayName: text,
    data: odd,
    error: oddOf("name", "message", "stack", "cause", "data"),
    timing: oddOf("a", "b"),
    userland: fc.record({ id: text, index: fc.constantFrom(1, null) }, { requiredKeys: [] }),
    metadata: fc.oneof(odd, fc.array(fc.oneof(update, oddOf("kind", "scope", "op", "values")), { maxLength: 2 })),
    opts: fc.oneof({ weight: 20, arbitrary: options }, { weight: 1, arbitrary: odd }),
  },
  { requiredKeys: ["op", "id", "error"] },
);
const ops = fc.array(step, { minLength: 1, maxLength: 3 });
const headers = fc.record(
  {
    "x-inngest-no-retry": fc.constantFrom("true", "false", "x"),
    "retry-after": fc.constantFrom("1", "9999999", "1e9", "2026-01-01", "Fri"),
  },
  { requiredKeys: [] },
);
const version = fc.constantFrom("2", "1", "1e300", "-1", "x", "0.5");
const status = fc.constantFrom(206, 206, 206, 206, 201, 201, 200, 500);

/** What a database's column can't have: numbers that are not whole, and nothing where a key says that there is something. */
function unstorable(value: unknown, path = ""): readonly string[] {
  if (typeof value === "number") return Number.isSafeInteger(value) ? [] : [`${path}: ${String(value)}`];
  if (value === undefined || value === null) return [`${path}: ${String(value)}`];
  if (typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => unstorable(inner, `${path}.${key}`));
}

test("property: an answer is decided, and what follows can be stored", () => {
  fc.assert(
    fc.property(ops, status, fc.tuple(headers, version), (list, code, [extra, requestVersion]) => {
      const body = JSON.stringify(code === 201 ? { status: 206, headers: extra, body: list } : list);
      const own = { "x-inngest-sdk": "go:v1", "x-inngest-req-version": requestVersion, ...extra };
      const reply = classifyReply({ kind: "response", status: code, headers: own, body }, NOW);
      const state = runState({ run: { requestVersion: -1 }, steps: [stepRow({ id: "b" })] });
      const env = { ctx: context(), function: functionRow() };
      const { changes } = decideReply(state, { item: item(), generation: 1, reply, startedAt: NOW }, env);
      // A score may be any number.
      expect(unstorable(changes).filter((problem) => !problem.includes(".score:"))).toEqual([]);
      for (const change of changes)
        if (change.kind === "put-step" && change.step.kind.endsWith("gateway")) expect(gatewayRequestOf(change.step)).toBeDefined();
    }),
    { numRuns: 2_000 },
  );
});

test("property: a checkpoint is decided, and what follows can be stored", () => {
  fc.assert(
    fc.property(ops, (list) => {
      const reply = classifyReply(
        { kind: "response", status: 206, headers: { "x-inngest-sdk": "go:v1" }, body: JSON.stringify(list) },
        NOW,
      );
      if (reply.kind !== "ops") return;
      const env = { ctx: context(), function: functionRow() };
      const decided = decideCheckpoint(runState(), { ops: reply.ops, item: item(), generation: 1, startedAt: NOW }, env);
      if (decided.kind === "save") expect(unstorable(decided.decision.changes)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
