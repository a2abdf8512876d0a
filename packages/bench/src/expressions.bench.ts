/**
 * What a wait's condition costs: `node --conditions=pawl-source packages/bench/src/expressions.bench.ts`.
 *
 * Measures, as the median of rounds in this process, a condition of three clauses: compiling it, binding it to the event that started the
 * run, compiling what is left of it (as the text that the store keeps), and evaluating that for an event that came. Finding the waits of an
 * event in the store is scenario F3.
 */
import { bindEvent, compileExpression, compileResidual, evaluateCondition, type Expression, type ExpressionEvent } from "@pawl/engine";
import { median, rounded } from "./report/statistics.ts";

const ROUNDS = 51;
const CALLS = 2_000;
const NOW = 1_790_000_000_000;
const SOURCE = "async.data.id == event.data.id && async.data.total > event.data.minimum && async.data.state != 'draft'";
const STARTED: ExpressionEvent = { id: "1", name: "order/placed", ts: NOW, data: { id: "order-1", minimum: 100 } };
const CAME: ExpressionEvent = { id: "2", name: "order/paid", ts: NOW, data: { id: "order-1", total: 120, state: "paid" } };

/** Microseconds of one call. */
function microseconds(call: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now();
    for (let n = 0; n < CALLS; n += 1) call();
    return ((performance.now() - begun) / CALLS) * 1_000;
  });
  return rounded(median(rounds));
}

function compiled(result: ReturnType<typeof compileExpression>): Expression {
  if (result.kind === "invalid") throw new Error(result.message);
  return result.expression;
}

const expression = compiled(compileExpression(SOURCE));
const binding = bindEvent(expression, STARTED);
if (binding.kind !== "residual") throw new Error(`The condition is ${binding.kind}.`);
const residual = compiled(compileResidual(binding.source));
const verdict = evaluateCondition(residual, { async: CAME, now: NOW });
if (verdict.kind !== "value" || !verdict.value) throw new Error("The event does not match.");

const figures = {
  compileUs: microseconds(() => compileExpression(SOURCE)),
  bindUs: microseconds(() => bindEvent(expression, STARTED)),
  compileResidualUs: microseconds(() => compileResidual(binding.source)),
  evaluateUs: microseconds(() => evaluateCondition(residual, { async: CAME, now: NOW })),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
