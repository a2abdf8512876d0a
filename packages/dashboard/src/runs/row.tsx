/** One line of the runs list. The whole line is a link to the run. */
import { memo } from "react";
import type { ReactNode } from "react";
import type { ReasonCode, UiRunRow } from "@pawl/protocol";
import { ShortId } from "../controls/copy-button.tsx";
import type { Column } from "../list/live-table.tsx";
import { Link } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { PhaseBadge } from "../status/glyph.tsx";
import { Ago, Countdown, Elapsed } from "../time/ago.tsx";
import { countOf } from "../time/format.ts";

/** Heads of the columns, in the order of the cells. */
export const RUN_COLUMNS: readonly Column[] = [
  { label: "Status", className: "col-status" },
  { label: "Function", className: "col-function" },
  { label: "Trigger", className: "col-trigger" },
  { label: "Progress", className: "col-note" },
  { label: "Run", className: "col-id" },
  { label: "Queued", className: "col-time" },
  { label: "Duration", className: "col-duration" },
];

/** The cells of a run. Renders again only when the row changed. */
export const RunCells: React.NamedExoticComponent<{ readonly row: UiRunRow }> = memo(function RunCells({ row }): ReactNode {
  return (
    <>
      <span role="cell" className="col-status">
        <PhaseBadge phase={row.phase} />
      </span>
      <span role="cell" className="col-function">
        <Link href={runPath(row.id)} className="row-link" data-row-link="">
          {row.functionName}
        </Link>
        <span className="quiet app-name">{row.appName}</span>
      </span>
      <span role="cell" className="col-trigger">
        <code>{row.eventName}</code>
        {row.eventCount > 1 && <span className="quiet"> ×{row.eventCount}</span>}
      </span>
      <span role="cell" className="col-note">
        <Progress row={row} />
      </span>
      <span role="cell" className="col-id">
        <ShortId id={row.id} />
      </span>
      <span role="cell" className="col-time">
        <Ago at={row.queuedAt} />
      </span>
      <span role="cell" className="col-duration">
        <Elapsed from={row.startedAt ?? row.queuedAt} until={row.endedAt} />
      </span>
    </>
  );
});

/** Reasons whose `until` is when the run goes on; that of the others is only a timeout. */
const DUE: ReadonlySet<ReasonCode> = new Set(["retrying", "sleeping", "start-delayed", "app-unreachable"]);

/** Why it stands still and until when; else how far it is. */
function Progress({ row }: { readonly row: UiRunRow }): ReactNode {
  const { reason } = row;
  if (reason !== undefined && row.endedAt === undefined) {
    return (
      <span className="ellipsis" title={reason.text}>
        {reason.until !== undefined && DUE.has(reason.code) && (
          <b className="until">
            <Countdown at={reason.until} />
          </b>
        )}
        {reason.text}
      </span>
    );
  }
  return (
    <span className="quiet">
      {row.stepsDone > 0 && countOf(row.stepsDone, "step")}
      {row.rerunOf !== undefined && `${row.stepsDone > 0 ? " · " : ""}rerun`}
    </span>
  );
}
