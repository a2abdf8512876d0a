/** The panel of one event: when it came, what it did, its data. Follows its runs live. */
import type { ReactNode } from "react";
import type { UiEventRow } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { IdChip } from "../controls/copy-button.tsx";
import { Fact } from "../controls/fact.tsx";
import { Problem, Skeleton } from "../controls/states.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { Link, patchQuery } from "../router/location.tsx";
import { Ago } from "../time/ago.tsx";
import { EventEffects } from "./effects.tsx";

/** An event that is kept up to date while its runs change. */
export function useEvent(id: string): ReturnType<typeof useResource<UiEventRow>> {
  const resource = useResource<UiEventRow>(`/events/${encodeURIComponent(id)}`);
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.runs.some((run) => run.eventId === id)) resource.reload();
  });
  return resource;
}

/** The panel beside the list of events. */
export function EventPanel({ id }: { readonly id: string }): ReactNode {
  const { data: event, error, reload } = useEvent(id);
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
      {event !== undefined && (
        <>
          <EventFacts event={event} />
          <section>
            <header className="json-head">
              <h3>What it did</h3>
            </header>
            <EventEffects event={event} />
          </section>
          <JsonViewer title="Data" text={event.data} />
          <p className="actions">
            <Link className="button" href={`/send?like=${encodeURIComponent(event.id)}`}>
              Send it with changes
            </Link>
          </p>
        </>
      )}
    </aside>
  );
}

function EventFacts({ event }: { readonly event: UiEventRow }): ReactNode {
  return (
    <dl className="facts stacked">
      <Fact label="Id">
        <IdChip id={event.id} name="event id" />
      </Fact>
      {event.externalId !== undefined && (
        <Fact label="Sender’s id">
          <code>{event.externalId}</code>
        </Fact>
      )}
      <Fact label="Received">
        <Ago at={event.receivedAt} />
      </Fact>
      {Math.abs(event.ts - event.receivedAt) > 1_000 && (
        <Fact label="Timestamp">
          <Ago at={event.ts} />
        </Fact>
      )}
    </dl>
  );
}
