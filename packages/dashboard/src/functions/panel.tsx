/** The panel of one function: its pause, what starts it, its options, its configuration as registered. */
import type { ReactNode } from "react";
import type { UiFunction, UiTrigger } from "@pawl/protocol";
import { JsonViewer } from "../json/viewer.tsx";
import { Link } from "../router/location.tsx";
import { Countdown } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { formatMoment } from "../time/format.ts";
import { OptionList } from "./option-list.tsx";
import { PauseBanner, PauseButton } from "./pause.tsx";

type PanelProps = { readonly item: UiFunction; readonly onChange: () => void };

/** The panel. `onChange` is called after an action that changed the function. */
export function FunctionPanel({ item, onChange }: PanelProps): ReactNode {
  const events = item.triggers.flatMap((trigger) => trigger.event ?? []);
  return (
    <aside className="panel" aria-label={`Function ${item.slug}`}>
      <header className="panel-head">
        <h2>{item.name}</h2>
        <span className="quiet">version {item.version}</span>
        <span className="spring" />
        <Link className="quiet" href="/functions" data-close="">
          Close
        </Link>
      </header>
      <PauseBanner item={item} onChange={onChange} />
      <div className="actions">
        <Link className="button" href={`/runs?function=${encodeURIComponent(item.slug)}`}>
          See its runs
        </Link>
        {events.map((event) => (
          <Link key={event} className="button" href={`/send?name=${encodeURIComponent(event)}`}>
            Send {event}
          </Link>
        ))}
        <PauseButton item={item} onChange={onChange} />
      </div>
      <section aria-label="Triggers">
        <header className="json-head">
          <h3>Started by</h3>
        </header>
        <Triggers item={item} />
      </section>
      <OptionList options={item.options} />
      <JsonViewer title="Configuration" text={item.config} />
    </aside>
  );
}

/** What starts a function, a line for each trigger. */
export function Triggers({ item }: { readonly item: UiFunction }): ReactNode {
  if (item.triggers.length === 0) return <span className="quiet">started by other functions only</span>;
  return (
    <span className="stack-text">
      {item.triggers.map((trigger, index) => (
        <span key={index} className="triggers">
          <code>{trigger.event ?? trigger.cron}</code>
          {trigger.expression !== undefined && (
            <span className="quiet">
              where <code>{trigger.expression}</code>
            </span>
          )}
          {trigger.cron !== undefined && <Schedule nextAt={trigger.nextAt} />}
        </span>
      ))}
    </span>
  );
}

function Schedule({ nextAt }: { readonly nextAt: UiTrigger["nextAt"] | undefined }): ReactNode {
  const now = useNow(false);
  if (nextAt === undefined) return <span className="quiet">schedule without a next time</span>;
  return (
    <span className="quiet">
      schedule, next <Countdown at={nextAt} />, {formatMoment(nextAt, now)}
    </span>
  );
}
