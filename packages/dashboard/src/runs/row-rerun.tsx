/** Running one run of the list again, without leaving the list. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiRunRow } from "@pawl/protocol";
import { rerun } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { ShortId } from "../controls/copy-button.tsx";
import { Link } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";

/** A button with its question; afterwards a link to the new run. */
export function RowRerun({ row }: { readonly row: UiRunRow }): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const [newId, setNewId] = useState<string>();
  if (newId !== undefined) {
    return (
      <Link href={runPath(newId)} className="row-action">
        running again as <ShortId id={newId} />
      </Link>
    );
  }
  return (
    <>
      <button type="button" className="quiet-button row-action" aria-label={`Replay run ${row.id}`} onClick={() => setAsked(true)}>
        Replay
      </button>
      {isAsked && (
        <Confirm
          title="Start this run again?"
          verb="Replay"
          onClose={() => setAsked(false)}
          onConfirm={async () => setNewId((await rerun(row.id)).runId)}
        >
          <p>
            A new run of <b>{row.functionName}</b> starts from the beginning with the same {row.eventCount > 1 ? "events" : "event"}.
          </p>
        </Confirm>
      )}
    </>
  );
}
