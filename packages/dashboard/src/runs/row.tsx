/** One line of the runs list. The whole line is a link to the run. */
import { memo } from "react";
import type { ReactNode } from "react";
import type { UiReason, UiRunRow } from "@pawl/protocol";
import { ShortId } from "../controls/copy-button.tsx";
import type { Column } from "../list/live-table.tsx";
import { Holders } from "../reason/holders.tsx";
import { dueAt } from "../reason/model.ts";
import { Link } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { PhaseBadge } from "../status/glyph.tsx";
import { RowRerun } from "./row-rerun.tsx";
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

type CellsProps = {
  readonly row: UiRunRow;
  /** Offer to run it again. */
  readonly canRerun: boolean;
};

/** The cells of a run. Renders again only when the row changed. */
export const RunCells: React.NamedExoticComponent<CellsProps> = memo(function RunCells({ row, canRerun }): ReactNode {
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
        {canRerun && <RowRerun row={row} />}
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

/** Holders linked in a line; the run's page has the others. */
const HOLDERS_SHOWN_MAX = 1;

/** Why it stands still and until when, why it was skipped, or what it failed with; else how far it is. */
function Progress({ row }: { readonly row: UiRunRow }): ReactNode {
  if (row.reason !== undefined && (row.endedAt === undefined || row.phase === "skipped")) return <Why reason={row.reason} />;
  return (
    <>
      {row.failure !== undefined && (
        <span className="ellipsis" title={row.failure}>
          {row.failure}
        </span>
      )}
      <span className="quiet">{stepsAndOrigin(row)}</span>
    </>
  );
}

function Why({ reason }: { readonly reason: UiReason }): ReactNode {
  const due = dueAt(reason);
  return (
    <>
      {due !== undefined && (
        <b className="until">
          <Countdown at={due} />
        </b>
      )}
      <span className="ellipsis" title={reason.text}>
        {reason.text}
      </span>
      <Holders runIds={reason.holders} max={HOLDERS_SHOWN_MAX} />
    </>
  );
}

function stepsAndOrigin({ stepsDone, rerunOf }: UiRunRow): string {
  return [stepsDone > 0 ? countOf(stepsDone, "step") : "", rerunOf === undefined ? "" : "rerun"].filter((part) => part !== "").join(" · ");
}
