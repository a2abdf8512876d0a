/** The events that a run got: one with its data, or all those of a batch, each to be opened. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiEventRow } from "@pawl/protocol";
import { ShortId } from "../controls/copy-button.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { Link } from "../router/location.tsx";
import { eventPath } from "../router/routes.ts";
import { Ago } from "../time/ago.tsx";

/** Lines of a batch before all are asked for. */
const EVENTS_SHOWN_MAX = 20;

/** The events. */
export function RunEvents({ events }: { readonly events: readonly UiEventRow[] }): ReactNode {
  const [first] = events;
  if (first === undefined) return null;
  if (events.length > 1) return <Batch events={events} />;
  return (
    <>
      <JsonViewer title={`Event ${first.name}`} text={first.data} />
      <p className="panel-links">
        <Link href={eventPath(first.id)}>Open the event</Link>
        <Link href={`/send?like=${encodeURIComponent(first.id)}`}>Send it with changes</Link>
      </p>
    </>
  );
}

function Batch({ events }: { readonly events: readonly UiEventRow[] }): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? events : events.slice(0, EVENTS_SHOWN_MAX);
  return (
    <section className="batch" aria-label="Events of the batch">
      <header className="json-head">
        <h3>Events of the batch</h3>
        <span className="quiet">{events.length}</span>
      </header>
      <ol>
        {shown.map((event, index) => (
          <BatchEvent key={event.id} event={event} isOpenFirst={index === 0} />
        ))}
      </ol>
      {shown.length < events.length && (
        <button type="button" className="quiet-button" onClick={() => setWhole(true)}>
          Show all {events.length}
        </button>
      )}
    </section>
  );
}

/** One line; its data is drawn when it is opened, since a batch may be large. */
function BatchEvent({ event, isOpenFirst }: { readonly event: UiEventRow; readonly isOpenFirst: boolean }): ReactNode {
  const [isOpen, setOpen] = useState(isOpenFirst);
  return (
    <li>
      <div className="attempt-line">
        <button type="button" className="quiet-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> <code>{event.name}</code>
        </button>
        <span className="spring" />
        <span className="quiet">
          <Ago at={event.receivedAt} />
        </span>
        <Link href={eventPath(event.id)} aria-label={`Open the event ${event.id}`}>
          <ShortId id={event.id} />
        </Link>
      </div>
      {isOpen && <JsonViewer title="Data" text={event.data} />}
    </li>
  );
}
