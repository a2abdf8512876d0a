/** The events page: what came in, what each did, and why one did nothing. The open event is in the URL. */
import { useCallback, useMemo } from "react";
import type { ReactNode } from "react";
import { REASONS } from "@pawl/protocol";
import type { UiEventRow } from "@pawl/protocol";
import type { LiveMessage } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { IdChip } from "../controls/copy-button.tsx";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { LiveTable } from "../list/live-table.tsx";
import type { Column } from "../list/live-table.tsx";
import { usePaged } from "../list/use-paged.ts";
import { Link, patchQuery, useAddress } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { SearchField } from "../runs/filters.tsx";
import { PhaseBadge } from "../status/glyph.tsx";
import { phaseOfStatus } from "../status/words.ts";
import { Ago } from "../time/ago.tsx";
import { compareEvents, effectOf, eventFiltersOf, eventsPath } from "./model.ts";
import "./events.css";

const COLUMNS: readonly Column[] = [
  { label: "Event", className: "col-function" },
  { label: "Did", className: "col-note" },
  { label: "Data", className: "col-payload" },
  { label: "Received", className: "col-time" },
];

/** The page at `/events`. */
export function EventsView(): ReactNode {
  const { query } = useAddress();
  const filters = useMemo(() => eventFiltersOf(query), [query]);
  const pathOf = useCallback((cursor?: string) => eventsPath(filters, cursor), [filters]);
  const view = usePaged<UiEventRow>({ pathOf, compare: compareEvents, accepts: () => true, onLive: eventsCame });
  const openId = query.get("event") ?? undefined;
  return (
    <div className="page events-page" data-open={openId !== undefined || undefined}>
      <header className="page-head">
        <h1>Events</h1>
      </header>
      <form className="filters" role="search" aria-label="Filter events" onSubmit={(event) => event.preventDefault()}>
        <SearchField name="name" query={query} label="Event name" placeholder="Event name" />
        <button
          type="button"
          className="field"
          aria-pressed={filters.hasInternal}
          onClick={() => patchQuery({ internal: filters.hasInternal ? undefined : "true" })}
        >
          The server’s own events
        </button>
      </form>
      <div className="events-split">
        <LiveTable
          name="Events"
          noun="event"
          columns={COLUMNS}
          view={view}
          cells={(row) => <EventCells row={row} />}
          isSelected={(row) => row.id === openId}
          empty={<NoEvents hasFilter={filters.name !== undefined} />}
        />
        {openId !== undefined && <EventPanel key={openId} id={openId} />}
      </div>
    </div>
  );
}

function eventsCame(message: LiveMessage): readonly UiEventRow[] | "refetch" {
  return message.kind === "refetch" || message.changes.eventsReceived > 0 || message.changes.runs.length > 0 ? "refetch" : [];
}

function EventCells({ row }: { readonly row: UiEventRow }): ReactNode {
  return (
    <>
      <span role="cell" className="col-function">
        <Link href={`${location.pathname}?${withEvent(row.id)}`} className="row-link" data-row-link="">
          <code>{row.name}</code>
        </Link>
      </span>
      <span role="cell" className="col-note">
        {row.runs.length > 0 ? <RunBadges row={row} /> : <span className="quiet ellipsis">{effectOf(row)}</span>}
      </span>
      <span role="cell" className="col-payload quiet">
        <code className="ellipsis">{row.data.slice(0, 200)}</code>
      </span>
      <span role="cell" className="col-time">
        <Ago at={row.receivedAt} />
      </span>
    </>
  );
}

function RunBadges({ row }: { readonly row: UiEventRow }): ReactNode {
  const shown = row.runs.slice(0, 2);
  return (
    <span className="run-badges">
      {shown.map((run) => (
        <PhaseBadge key={run.id} phase={phaseOfStatus(run.status)} />
      ))}
      {row.runs.length > shown.length && <span className="quiet">+{row.runs.length - shown.length}</span>}
    </span>
  );
}

function EventPanel({ id }: { readonly id: string }): ReactNode {
  const { data: event, error, reload } = useResource<UiEventRow>(`/events/${encodeURIComponent(id)}`);
  return (
    <aside className="panel" aria-label="Event">
      <header className="panel-head">
        <h2>
          <code>{event?.name ?? "Event"}</code>
        </h2>
        <span className="spring" />
        <button type="button" className="quiet-button" onClick={() => patchQuery({ event: undefined })}>
          Close
        </button>
      </header>
      {error !== undefined && <Problem what="The event can't be loaded." error={error} onRetry={reload} />}
      {event === undefined && error === undefined && <Skeleton rows={4} />}
      {event !== undefined && <EventFacts event={event} />}
    </aside>
  );
}

function EventFacts({ event }: { readonly event: UiEventRow }): ReactNode {
  return (
    <>
      <dl className="facts stacked">
        <div className="fact">
          <dt>Id</dt>
          <dd>
            <IdChip id={event.id} name="event id" />
          </dd>
        </div>
        {event.externalId !== undefined && (
          <div className="fact">
            <dt>Sender’s id</dt>
            <dd>
              <code>{event.externalId}</code>
            </dd>
          </div>
        )}
        <div className="fact">
          <dt>Received</dt>
          <dd>
            <Ago at={event.receivedAt} />
          </dd>
        </div>
      </dl>
      <section aria-label="What it did">
        <header className="json-head">
          <h3>What it did</h3>
        </header>
        <ul className="effects">
          {event.runs.map((run) => (
            <li key={run.id}>
              <PhaseBadge phase={phaseOfStatus(run.status)} /> <Link href={runPath(run.id)}>{run.functionSlug}</Link>
            </li>
          ))}
          {event.outcomes?.map((outcome) => (
            <li key={outcome.functionSlug}>
              <b>{outcome.functionSlug}</b> {REASONS[outcome.reason]}{" "}
              {outcome.detail !== undefined && <span className="quiet">{outcome.detail}</span>}
            </li>
          ))}
          {event.runs.length === 0 && (event.outcomes ?? []).length === 0 && <li className="quiet">{REASONS["no-function-matched"]}</li>}
        </ul>
      </section>
      <JsonViewer title="Data" text={event.data} />
      <p className="panel-links">
        <Link href={`/send?like=${encodeURIComponent(event.id)}`}>Send it with changes</Link>
      </p>
    </>
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

function withEvent(id: string): string {
  const query = new URLSearchParams(location.search);
  query.set("event", id);
  return query.toString();
}
