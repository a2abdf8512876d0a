/** The events page: what came in, what each did, and why one did nothing. The open event is in the URL. */
import { useCallback, useMemo } from "react";
import type { ReactNode } from "react";
import type { UiEventRow } from "@pawl/protocol";
import type { LiveMessage } from "../api/live.ts";
import { ShortId } from "../controls/copy-button.tsx";
import { Empty } from "../controls/states.tsx";
import { LiveTable } from "../list/live-table.tsx";
import type { Column } from "../list/live-table.tsx";
import { usePaged } from "../list/use-paged.ts";
import { Link, patchQuery, useAddress } from "../router/location.tsx";
import { SearchField } from "../runs/filters.tsx";
import { Glyph } from "../status/glyph.tsx";
import { phaseOfStatus, toneOfPhase } from "../status/words.ts";
import { Ago } from "../time/ago.tsx";
import { compareEvents, effectsOf, eventFiltersOf, eventsPath, eventsSentence, reasonWords, startedBy } from "./model.ts";
import { EventPanel } from "./panel.tsx";
import "./events.css";

const COLUMNS: readonly Column[] = [
  { label: "Event", className: "col-function" },
  { label: "Outcome", className: "col-note" },
  { label: "Data", className: "col-payload" },
  { label: "Id", className: "col-id" },
  { label: "Received", className: "col-time" },
];

/** Runs named in a line; the panel has them all. */
const RUNS_SHOWN_MAX = 2;

/** The page at `/events`. */
export function EventsView(): ReactNode {
  const { query } = useAddress();
  const filters = useMemo(() => eventFiltersOf(query), [query]);
  const pathOf = useCallback((cursor?: string) => eventsPath(filters, cursor), [filters]);
  const view = usePaged<UiEventRow>({ pathOf, compare: compareEvents, accepts: acceptsAll, onLive: eventsCame });
  const openId = query.get("event") ?? undefined;
  return (
    <div className="page events-page" data-open={openId !== undefined || undefined}>
      <header className="page-head">
        <h1>{view.isFirstLoad ? "Events" : eventsSentence(view.list.rows, view.list.next !== undefined)}</h1>
      </header>
      <form className="filters" role="search" aria-label="Filter events" onSubmit={(event) => event.preventDefault()}>
        <SearchField name="name" query={query} label="Event name" placeholder="Event name" />
        <button
          type="button"
          className="field"
          aria-pressed={filters.hasInternal}
          onClick={() => patchQuery({ internal: filters.hasInternal ? undefined : "true" })}
        >
          With the server’s own
        </button>
      </form>
      <div className="events-split">
        <LiveTable
          name="Events"
          noun="event"
          columns={COLUMNS}
          view={view}
          cells={(row) => <EventCells row={row} query={query} />}
          isSelected={(row) => row.id === openId}
          empty={<NoEvents hasFilter={filters.name !== undefined} />}
        />
        {openId !== undefined && <EventPanel key={openId} id={openId} />}
      </div>
    </div>
  );
}

/** The server filters; what it gives belongs here. */
function acceptsAll(): boolean {
  return true;
}

function eventsCame(message: LiveMessage): readonly UiEventRow[] | "refetch" {
  return message.kind === "refetch" || message.changes.eventsReceived > 0 || message.changes.runs.length > 0 ? "refetch" : [];
}

function EventCells({ row, query }: { readonly row: UiEventRow; readonly query: URLSearchParams }): ReactNode {
  return (
    <>
      <span role="cell" className="col-function">
        <Link href={`/events?${withEvent(query, row.id)}`} className="row-link" data-row-link="">
          <code>{row.name}</code>
        </Link>
      </span>
      <span role="cell" className="col-note">
        {startedBy(row).length > 0 ? <Started row={row} /> : <span className="quiet ellipsis">{reasonWords(row)}</span>}
      </span>
      <span role="cell" className="col-payload">
        <code className="quiet ellipsis">{row.data.slice(0, 200)}</code>
      </span>
      <span role="cell" className="col-id">
        <ShortId id={row.id} />
      </span>
      <span role="cell" className="col-time">
        <Ago at={row.receivedAt} />
      </span>
    </>
  );
}

/** The runs that the event started, by name. */
function Started({ row }: { readonly row: UiEventRow }): ReactNode {
  const runs = startedBy(row);
  const rest = runs.length - RUNS_SHOWN_MAX;
  const idleCount = effectsOf(row).length - runs.length;
  return (
    <span className="run-badges">
      {runs.slice(0, RUNS_SHOWN_MAX).map((run) => {
        const phase = phaseOfStatus(run.status);
        return (
          <span key={run.id} className="badge" data-tone={toneOfPhase(phase)} title={`${run.functionSlug}: ${phase}`}>
            <Glyph name={phase} size={12} />
            <span className="started-name">{run.functionSlug}</span>
            <span className="hidden-text">{phase}</span>
          </span>
        );
      })}
      {rest > 0 && <span className="quiet">+{rest}</span>}
      {idleCount > 0 && <span className="quiet">{idleCount} not started</span>}
    </span>
  );
}

function NoEvents({ hasFilter }: { readonly hasFilter: boolean }): ReactNode {
  return (
    <Empty title={hasFilter ? "No event has this name." : "No events yet."}>
      <p>{hasFilter ? "Names are compared whole." : "Events are what starts runs. Send one to see what happens."}</p>
      <Link className="button" href="/send">
        Send an event
      </Link>
    </Empty>
  );
}

function withEvent(query: URLSearchParams, id: string): string {
  const next = new URLSearchParams(query);
  next.set("event", id);
  return next.toString();
}
