/** What can be done with a run. Acts that can't be undone ask first; one that isn't possible stays visible and says why. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { cancelRun, rerun } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { navigate } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { countOf } from "../time/format.ts";
import { summaryOf } from "./sentence.ts";

type ActionProps = { readonly detail: UiRunDetail; readonly now: number; readonly onChange: () => void };

/** The buttons and their questions. */
export function RunActions({ detail, now, onChange }: ActionProps): ReactNode {
  const [asked, setAsked] = useState<"rerun" | "cancel">();
  const { run, canCancel } = detail;
  const close = (): void => setAsked(undefined);
  return (
    <div className="actions" role="group" aria-label="Actions">
      <button type="button" className="button primary" data-shortcut="R" onClick={() => setAsked("rerun")}>
        Rerun
      </button>
      <button
        type="button"
        className="button"
        disabled={!canCancel}
        title={canCancel ? undefined : "The run has already ended."}
        onClick={() => setAsked("cancel")}
      >
        Cancel
      </button>
      <CopyButton
        text={summaryOf(detail, { now, url: location.href })}
        name="Copy summary as Markdown"
        label="Copy summary"
        className="button"
      />
      {asked === "rerun" && (
        <Confirm
          title="Start this run again?"
          verb="Rerun"
          onClose={close}
          onConfirm={async () => navigate(runPath((await rerun(run.id)).runId))}
        >
          <p>
            A new run of <b>{run.functionName}</b> starts from the beginning with the same {run.eventCount > 1 ? "events" : "event"}.
            {run.stepsDone > 0 && ` ${countOf(run.stepsDone, "step")} that this run has done will be done again.`}
          </p>
        </Confirm>
      )}
      {asked === "cancel" && (
        <Confirm
          title="Cancel this run?"
          verb="Cancel the run"
          onClose={close}
          onConfirm={async () => {
            await cancelRun(run.id);
            onChange();
          }}
        >
          <p>
            <b>{run.functionName}</b> starts no further step. A step that is being worked on right now runs to its end in your app, and its
            result is dropped. This can’t be undone.
          </p>
        </Confirm>
      )}
    </div>
  );
}
