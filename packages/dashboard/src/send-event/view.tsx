/**
 * The form for sending an event, and beside it what the events sent from here have done, live.
 * `?name=` begins with a name, `?like=` with an event that came before.
 *
 * Spec: dashboard 7.4.
 */
import { useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { sendEvent } from "../api/client.ts";
import { EventEffects } from "../events/effects.tsx";
import { useEvent } from "../events/panel.tsx";
import { Link, useAddress } from "../router/location.tsx";
import { Ago } from "../time/ago.tsx";
import { EventFields } from "./fields.tsx";
import { bodyOf, dataProblem, keepDraft, lastDraft, nameProblem } from "./model.ts";
import type { Draft } from "./model.ts";
import { useExamples } from "./examples.ts";
import "./send-event.css";

/** Sent events kept on the page. */
const SENT_MAX = 5;

/** The page at `/send`. */
export function SendEventView(): ReactNode {
  const { query } = useAddress();
  const [draft, setDraft] = useState<Draft>(() => firstDraft(query.get("name")));
  const [sentIds, setSentIds] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const examples = useExamples({ draft, setDraft, likeId: query.get("like") });
  const canSend = nameProblem(draft.name) === undefined && dataProblem(draft.data) === undefined && !isBusy;
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (!canSend) return;
    setBusy(true);
    setFailure(undefined);
    keepDraft(draft);
    sendEvent(bodyOf(draft))
      .then(({ ids }) => setSentIds((last) => [...ids, ...last].slice(0, SENT_MAX)))
      .catch((error: unknown) => setFailure(error instanceof Error ? error.message : "It could not be sent."))
      .finally(() => setBusy(false));
  };
  return (
    <div className="page send-page">
      <header className="page-head">
        <h1>Send an event</h1>
      </header>
      <form className="send-form" aria-label="Send event" onSubmit={onSubmit}>
        <EventFields draft={draft} setDraft={setDraft} examples={examples} />
        <p className="actions">
          <button type="submit" className="button primary" disabled={!canSend}>
            Send event
          </button>
          <span className="quiet">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
          {failure !== undefined && (
            <span className="form-problem" data-tone="failed" role="alert">
              {failure}
            </span>
          )}
        </p>
      </form>
      <section className="sent-list" aria-label="Sent" aria-live="polite">
        {sentIds.map((id) => (
          <SentEvent key={id} id={id} />
        ))}
      </section>
    </div>
  );
}

/** An event that was sent from here and what it has done so far. */
function SentEvent({ id }: { readonly id: string }): ReactNode {
  const { data: event, error } = useEvent(id);
  return (
    <article className="sent">
      <header className="json-head">
        <h3>Sent {event !== undefined && <code>{event.name}</code>}</h3>
        <span className="quiet">{event !== undefined && <Ago at={event.receivedAt} />}</span>
        <span className="spring" />
        <Link className="quiet" href={`/events?event=${encodeURIComponent(id)}`}>
          Open
        </Link>
      </header>
      {event !== undefined && <EventEffects event={event} />}
      {event === undefined && <p className="quiet">{error === undefined ? "Looking what it did." : error.message}</p>}
    </article>
  );
}

function firstDraft(name: string | null): Draft {
  const last = lastDraft();
  return name === null || name === last.name ? last : { name, data: "", id: "" };
}
