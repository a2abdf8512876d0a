/** A run fails only for a reason that its function or a fault gave it: never because the server could not go on. */
import { FUNCTION_ERROR, NOT_FOUND_ERROR, STALE_ERROR, STEP_ERROR } from "../app/ops.ts";
import { isClean } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Whether it was right is checked for endpoints. */
const NOT_REPORTED = "EndpointDidNotReport";
const SIGNAL_CONFLICT = "Signal conflict";

/** Makes the checker. */
export function checkFailures({ scenario, report }: CheckContext): Checker {
  const clean = isClean(scenario);
  return {
    committed: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "update-run")) {
        if (run.status !== "FAILED") continue;
        const { name, message, error } = JSON.parse(run.error ?? "{}") as Readonly<Record<string, string>>;
        const isOwn =
          name === FUNCTION_ERROR || name === STEP_ERROR || name === NOT_REPORTED || message?.startsWith(SIGNAL_CONFLICT) === true;
        const isOurs =
          name === STALE_ERROR || name === "InvalidExpression" || error === "no progress" || name?.startsWith("InngestErr") === true;
        const isFault = !clean && !isOurs && message?.startsWith(NOT_FOUND_ERROR) !== true;
        if (!isOwn && !isFault) report(`run ${run.id} of ${run.functionId} failed: ${run.error}`);
      }
    },
  };
}
