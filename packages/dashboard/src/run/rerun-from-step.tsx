/** The button that runs again from a step, and its question with the step's arguments. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiRunRow, UiSpan } from "@pawl/protocol";
import { rerun } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { navigate } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { argumentsText, canRerunFrom, readArguments, takesArguments } from "./rerun-from.ts";

type FromProps = { readonly run: UiRunRow; readonly span: UiSpan };

/** The button; nothing for the function's own code. */
export function RerunFromStep({ run, span }: FromProps): ReactNode {
  const [isAsked, setAsked] = useState(false);
  if (!canRerunFrom(span)) return null;
  return (
    <div className="actions">
      <button type="button" className="button" onClick={() => setAsked(true)}>
        Run again from this step…
      </button>
      {isAsked && <FromQuestion run={run} span={span} onClose={() => setAsked(false)} />}
    </div>
  );
}

function FromQuestion({ run, span, onClose }: FromProps & { readonly onClose: () => void }): ReactNode {
  const before = argumentsText(span);
  const [typed, setTyped] = useState(before);
  const read = readArguments(typed, before);
  const confirm = async (): Promise<void> => {
    const from = { stepId: span.id, ...(read.kind === "changed" ? { input: read.input } : {}) };
    navigate(runPath((await rerun(run.id, from)).runId));
  };
  return (
    <Confirm
      title={`Run again from “${span.name}”?`}
      verb="Run again"
      canConfirm={read.kind !== "wrong"}
      onClose={onClose}
      onConfirm={confirm}
    >
      <p>
        A new run of <b>{run.functionName}</b> begins with the results of the steps that had ended before this one, and does this step and
        those after it again.
      </p>
      {takesArguments(span) && (
        <label className="arguments">
          <span>
            Arguments <span className="quiet">a JSON array; left as it is, the step gets what the code gives it</span>
          </span>
          <textarea
            className="field code-field"
            rows={8}
            spellCheck={false}
            placeholder="[]"
            value={typed}
            aria-invalid={read.kind === "wrong"}
            onChange={(event) => setTyped(event.target.value)}
          />
          <span className="form-problem" data-tone="failed" role="status">
            {read.kind === "wrong" && read.problem}
          </span>
        </label>
      )}
    </Confirm>
  );
}
