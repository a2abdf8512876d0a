/**
 * Requests that the server makes for steps: a step that has completed keeps exactly the answer to a request that was made for it, and one that
 * has failed was tried as often as it may be, or can't succeed. No node makes two requests of a step at the same time; and where nothing
 * fails, each is made once.
 */
import type { GatewayOutcome, StepRow } from "@pawl/engine";
import { canonicalJson } from "@pawl/protocol";
import { isClean } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker, type StepRequest } from "./checker.ts";

/** `underway`: by node. */
type Asked = { readonly underway: Map<number, number>; readonly outcomes: GatewayOutcome[]; count: number };

/** Makes the checker. */
export function checkFetches(context: CheckContext): Checker {
  const { mirror, scenario, report } = context;
  const clean = isClean(scenario);
  const asked = new Map<string, Asked>();
  const of = ({ runId, stepId }: Pick<StepRequest, "runId" | "stepId">): Asked => {
    const key = `${runId}/${stepId}`;
    const known = asked.get(key) ?? { underway: new Map<number, number>(), outcomes: [], count: 0 };
    asked.set(key, known);
    return known;
  };
  return {
    requestBegan: (request) => {
      const { node, runId, stepId } = request;
      const known = of(request);
      const underway = (known.underway.get(node) ?? 0) + 1;
      known.underway.set(node, underway);
      known.count += 1;
      const what = `a request of step ${stepId} of run ${runId}`;
      if (!mirror.stepsOf(runId).has(stepId)) report(`${what} is made, but the step is not stored`);
      if (underway > 1) report(`${what} is made while another is under way`);
      if (clean && known.count > 1) report(`${what} is made again`);
    },
    requestEnded: (request) => {
      const { underway, outcomes } = of(request);
      underway.set(request.node, (underway.get(request.node) ?? 1) - 1);
      outcomes.push(request.outcome);
    },
    committing: ({ changeSet }) => {
      for (const { step } of ofKind(changeSet, "put-step")) {
        const isOwn = step.kind === "gateway" || step.kind === "ai-gateway";
        // What a run begins with was checked where it happened.
        if (!isOwn || step.endedAt === undefined || !mirror.runs.has(step.runId)) continue;
        if (mirror.copiedSteps.has(`${step.runId}/${step.id}`)) continue;
        checkEnd(context, { step, outcomes: of({ runId: step.runId, stepId: step.id }).outcomes });
      }
    },
  };
}

type Ended = { readonly step: StepRow; readonly outcomes: readonly GatewayOutcome[] };

function checkEnd({ mirror, report }: CheckContext, { step, outcomes }: Ended): void {
  const isAi = step.kind === "ai-gateway";
  const where = `step ${step.id} of run ${step.runId}`;
  if (step.status === "completed") {
    if (!outcomes.some((outcome) => resultOf(outcome, isAi) === step.result))
      report(`${where} has ${step.result}, which nobody has answered`);
    return;
  }
  const failures = outcomes.filter((outcome) => resultOf(outcome, isAi) === undefined);
  const isHopeless = failures.some((outcome) => outcome.kind === "failure" && !outcome.isRetryable);
  const most = mirror.item(step.itemId)?.attemptsMax ?? 0;
  if (!isHopeless && failures.length < most)
    report(`${where} is ${step.status} after ${failures.length} requests that failed; allowed are ${most}`);
}

/** What a step keeps of an answer; undefined for a failure. */
function resultOf(outcome: GatewayOutcome, isAi: boolean): string | undefined {
  if (outcome.kind === "failure" || (isAi && outcome.status > 299)) return undefined;
  const { url, headers, body, status } = outcome;
  return canonicalJson({ data: isAi ? (JSON.parse(body) as unknown) : { url, headers, body, status_code: status } });
}
