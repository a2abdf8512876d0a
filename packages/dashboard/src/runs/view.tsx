/** The runs page: the answer, the filters, the live list. All state is in the URL. */
import { useCallback, useMemo, useState } from "react";
import type { ReactNode } from "react";
import type { UiFunction, UiFunctionList, UiRunRow } from "@pawl/protocol";
import type { LiveMessage } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { BulkDialog } from "../bulks/dialog.tsx";
import { draftOf } from "../bulks/model.ts";
import type { BulkKind } from "../bulks/model.ts";
import { Empty } from "../controls/states.tsx";
import { LiveTable } from "../list/live-table.tsx";
import { usePaged } from "../list/use-paged.ts";
import { Link, navigate, useAddress } from "../router/location.tsx";
import { Glyph } from "../status/glyph.tsx";
import { toneOfPhase, wordOf } from "../status/words.ts";
import { serverNow } from "../time/clock.ts";
import { RunFilterBar } from "./filters.tsx";
import { areFailedOnly, compareRuns, failedPath, filtersOf, isFiltered, passes, runsPath, sentenceOf, tallyPhases } from "./model.ts";
import type { RunFilters } from "./model.ts";
import { RUN_COLUMNS, RunCells } from "./row.tsx";
import "./runs.css";

/** The page at `/runs`. */
export function RunsView(): ReactNode {
  const { query } = useAddress();
  const filters = useMemo(() => filtersOf(query, serverNow()), [query]);
  const pathOf = useCallback((cursor?: string) => runsPath(filters, cursor), [filters]);
  const accepts = useCallback((row: UiRunRow) => passes(filters, row), [filters]);
  const view = usePaged<UiRunRow>({ pathOf, compare: compareRuns, accepts, onLive: changedRuns });
  const { rows, next } = view.list;
  const functions = useResource<UiFunctionList>("/functions").data?.items ?? [];
  const isFailedOnly = areFailedOnly(filters);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{view.isFirstLoad ? "Runs" : sentenceOf(rows, { hasMore: next !== undefined, isFailedOnly })}</h1>
        <Tally rows={rows} />
        <span className="spring" />
        <ManyRuns query={query} filters={filters} functions={functions} />
      </header>
      <RunFilterBar query={query} filters={filters} functions={functions} />
      <LiveTable
        name="Runs"
        noun="run"
        columns={RUN_COLUMNS}
        view={view}
        toneOf={(row) => toneOfPhase(row.phase)}
        cells={(row) => <RunCells row={row} canRerun={isFailedOnly} />}
        empty={
          isFiltered(filters) ? (
            <NoMatch />
          ) : (
            <NoRuns events={functions.flatMap((each) => each.triggers.flatMap((trigger) => trigger.event ?? []))} />
          )
        }
      />
    </div>
  );
}

type ManyProps = { readonly query: URLSearchParams; readonly filters: RunFilters; readonly functions: readonly UiFunction[] };

/** What can be done with many runs, and the view of those that failed. */
function ManyRuns({ query, filters, functions }: ManyProps): ReactNode {
  const [asked, setAsked] = useState<BulkKind>();
  return (
    <div className="actions" role="group" aria-label="Many runs">
      <Link href={failedPath(query)} className="quiet-button" aria-current={areFailedOnly(filters) || undefined}>
        Failed runs
      </Link>
      <Link href="/bulks" className="quiet-button">
        Bulk operations
      </Link>
      <button type="button" className="button" onClick={() => setAsked("cancel")}>
        Cancel all…
      </button>
      <button type="button" className="button" onClick={() => setAsked("replay")}>
        Replay all…
      </button>
      {asked !== undefined && (
        <BulkDialog
          initial={draftOf(asked, { filters, since: query.get("since") })}
          functions={functions}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

function changedRuns(message: LiveMessage): readonly UiRunRow[] | "refetch" {
  return message.kind === "refetch" ? "refetch" : message.changes.runs;
}

function Tally({ rows }: { readonly rows: readonly UiRunRow[] }): ReactNode {
  return (
    <ul className="tally" aria-label="Loaded runs by phase">
      {tallyPhases(rows).map(({ phase, count }) => (
        <li key={phase} data-tone={toneOfPhase(phase)}>
          <Glyph name={phase} size={12} />
          <b>{count}</b> {wordOf(phase)}
        </li>
      ))}
    </ul>
  );
}

function NoMatch(): ReactNode {
  return (
    <Empty title="No run matches the filters.">
      <p>Runs may exist outside of them.</p>
      <button type="button" className="button" onClick={() => navigate("/runs")}>
        Clear the filters
      </button>
    </Empty>
  );
}

function NoRuns({ events }: { readonly events: readonly string[] }): ReactNode {
  const names = [...new Set(events)].slice(0, 5);
  if (names.length === 0) {
    return (
      <Empty title="No runs yet.">
        <p>A run starts when an event arrives that triggers a function, and no app has registered functions yet.</p>
        <Link className="button" href="/apps">
          Connect an app
        </Link>
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet.">
      <p>A run starts when an event arrives that triggers a function. Your functions listen to these:</p>
      <p className="actions">
        {names.map((name) => (
          <Link key={name} className="button" href={`/send?name=${encodeURIComponent(name)}`}>
            Send {name}
          </Link>
        ))}
      </p>
    </Empty>
  );
}
