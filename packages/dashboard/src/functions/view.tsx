/** The functions that apps have registered, and the configuration of the chosen one. */
import type { ReactNode } from "react";
import type { UiFunction, UiFunctionList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";
import { countOf } from "../time/format.ts";
import "../apps/apps.css";

/** The pages at `/functions` and `/functions/:slug`. */
export function FunctionsView({ slug }: { readonly slug: string | undefined }): ReactNode {
  const { data, error, reload } = useResource<UiFunctionList>("/functions");
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  const items = data?.items ?? [];
  const chosen = items.find((each) => each.slug === slug);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data === undefined ? "Functions" : headline(items)}</h1>
      </header>
      {error !== undefined && <Problem what="The functions can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton />}
      {data?.items.length === 0 && (
        <Empty title="No functions yet.">
          <p>Functions appear here when an app registers them.</p>
          <Link className="button" href="/apps">
            Connect an app
          </Link>
        </Empty>
      )}
      {items.length > 0 && (
        <div className="cards-split">
          <ul className="cards" aria-label="Functions">
            {items.map((each) => (
              <FunctionCard key={each.id} item={each} isChosen={each === chosen} />
            ))}
          </ul>
          {chosen !== undefined && <FunctionPanel item={chosen} />}
        </div>
      )}
    </div>
  );
}

function headline(items: readonly UiFunction[]): string {
  const apps = new Set(items.map((each) => each.appName)).size;
  return items.length === 0 ? "No functions." : `${countOf(items.length, "function")} in ${countOf(apps, "app")}.`;
}

function FunctionCard({ item, isChosen }: { readonly item: UiFunction; readonly isChosen: boolean }): ReactNode {
  return (
    <li className="card function-card" data-selected={isChosen || undefined}>
      <span className="stack-text">
        <Link href={functionPath(item.slug)} className="row-link" data-row-link="" aria-current={isChosen || undefined}>
          {item.name}
        </Link>
        <span className="quiet">{item.slug}</span>
      </span>
      <Triggers item={item} />
      <span className="quiet">{item.appName}</span>
    </li>
  );
}

function Triggers({ item }: { readonly item: UiFunction }): ReactNode {
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
          {trigger.cron !== undefined && <span className="quiet">schedule</span>}
        </span>
      ))}
    </span>
  );
}

function FunctionPanel({ item }: { readonly item: UiFunction }): ReactNode {
  const events = item.triggers.flatMap((trigger) => trigger.event ?? []);
  return (
    <aside className="panel" aria-label={`Function ${item.slug}`}>
      <header className="panel-head">
        <h2>{item.name}</h2>
        <span className="quiet">version {item.version}</span>
        <span className="spring" />
        <Link className="quiet" href="/functions">
          Close
        </Link>
      </header>
      <p className="actions">
        <Link className="button" href={`/runs?function=${encodeURIComponent(item.slug)}`}>
          See its runs
        </Link>
        {events.map((event) => (
          <Link key={event} className="button" href={`/send?name=${encodeURIComponent(event)}`}>
            Send {event}
          </Link>
        ))}
      </p>
      <JsonViewer title="Configuration" text={item.config} />
    </aside>
  );
}
