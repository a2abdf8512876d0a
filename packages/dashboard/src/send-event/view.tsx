/** The form for sending an event. `?name=` begins with a name, `?like=` with an event that came before. */
import { useEffect, useState } from "react";
import type { FormEvent, ReactNode } from "react";
import type { UiEventRow, UiFunctionList } from "@pawl/protocol";
import { sendEvent } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { Link, useAddress } from "../router/location.tsx";
import { dataProblem, type Draft, keepDraft, knownNames, lastDraft, nameProblem } from "./model.ts";
import "./send-event.css";

type Outcome = { readonly kind: "sent"; readonly id: string } | { readonly kind: "failed"; readonly message: string };

/** The page at `/send`. */
export function SendEventView(): ReactNode {
  const { query } = useAddress();
  const [draft, setDraft] = useState<Draft>(() => ({ ...lastDraft(), ...(query.has("name") ? { name: query.get("name") ?? "" } : {}) }));
  const [outcome, setOutcome] = useState<Outcome>();
  const [isBusy, setBusy] = useState(false);
  const names = knownNames(useResource<UiFunctionList>("/functions").data?.items ?? []);
  useLikeness(query.get("like"), setDraft);
  const problem = { name: nameProblem(draft.name), data: dataProblem(draft.data) };
  const canSend = problem.name === undefined && problem.data === undefined && !isBusy;
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (!canSend) return;
    setBusy(true);
    keepDraft(draft);
    void send(draft).then((result) => {
      setOutcome(result);
      setBusy(false);
    });
  };
  return (
    <form className="page send-page" onSubmit={onSubmit} aria-label="Send event">
      <header className="page-head">
        <h1>Send an event</h1>
      </header>
      <label>
        Name
        <input
          className="field"
          list="event-names"
          value={draft.name}
          aria-invalid={problem.name !== undefined}
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          placeholder="shop/order.placed"
        />
        <datalist id="event-names">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <p className="actions">
        {names.map((name) => (
          <button key={name} type="button" className="quiet-button" onClick={() => setDraft({ ...draft, name })}>
            {name}
          </button>
        ))}
      </p>
      <label>
        Data
        <textarea
          className="field code-field"
          rows={14}
          spellCheck={false}
          value={draft.data}
          aria-invalid={problem.data !== undefined}
          aria-describedby="data-problem"
          onChange={(event) => setDraft({ ...draft, data: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
      </label>
      <p id="data-problem" className="form-problem" data-tone="failed" role="status">
        {problem.data ?? (draft.name === "" ? "" : (problem.name ?? ""))}
      </p>
      <label>
        Id <span className="quiet">optional; the same id starts a function once in 24 hours</span>
        <input className="field" value={draft.id} onChange={(event) => setDraft({ ...draft, id: event.target.value })} />
      </label>
      <p className="actions">
        <button type="submit" className="button primary" disabled={!canSend}>
          Send event
        </button>
        <span className="quiet">Ctrl+Enter</span>
      </p>
      <div role="status">{outcome !== undefined && <Result outcome={outcome} />}</div>
    </form>
  );
}

function Result({ outcome }: { readonly outcome: Outcome }): ReactNode {
  if (outcome.kind === "failed") {
    return (
      <p className="form-problem" data-tone="failed">
        {outcome.message}
      </p>
    );
  }
  return (
    <p className="sent" data-tone="completed">
      Sent. <Link href={`/events?event=${encodeURIComponent(outcome.id)}`}>See what it did</Link> or <Link href="/runs">all runs</Link>
    </p>
  );
}

async function send({ name, data, id }: Draft): Promise<Outcome> {
  try {
    const body = {
      name: name.trim(),
      data: JSON.parse(data.trim() === "" ? "{}" : data) as unknown,
      ...(id.trim() === "" ? {} : { id: id.trim() }),
    };
    return { kind: "sent", id: (await sendEvent(body)).ids[0] ?? "" };
  } catch (failure) {
    return { kind: "failed", message: failure instanceof Error ? failure.message : "It could not be sent." };
  }
}

/** Fills the form with an event that came before, once it is loaded. */
function useLikeness(id: string | null, setDraft: (draft: Draft) => void): void {
  const event = useResource<UiEventRow>(id === null ? undefined : `/events/${encodeURIComponent(id)}`).data;
  useEffect(() => {
    if (event !== undefined) setDraft({ name: event.name, data: pretty(event.data), id: "" });
  }, [event, setDraft]);
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
