/** The expression language: compile, evaluate, check, bind and index. ADR 0003 describes the dialect. */
export { type Binding, bindEvent, indexKeyOf, type Residual } from "./bind-event.ts";
export { checkCondition, type ExpressionPlace, type ExpressionProblem } from "./check-condition.ts";
export { compileExpression, compileOnce, compileResidual, type CompileResult, type Expression } from "./compile.ts";
export {
  type ConditionResult,
  evaluateCondition,
  evaluateKey,
  evaluateNumber,
  type EvaluationError,
  type EvaluationInput,
  type KeyResult,
  type NumberResult,
} from "./evaluate.ts";
export { type PathValue, valueAtPath } from "./event-path.ts";
export type { ExpressionEvent } from "./event-value.ts";
export { EXPRESSION_CHARS_MAX, EXPRESSION_DEPTH_MAX, RESIDUAL_CHARS_MAX } from "./parse.ts";
export { compileSearch, matchesSearch, type Search, type SearchInput, type SearchOver, type SearchResult } from "./search.ts";
