/** The functions that apps have registered, and the configuration of the chosen one. */
import type { ReactNode } from "react";
import type { UiFunction, UiFunctionList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";
import "../apps/apps.css";

/** The pages at `/functions` and `/functions/:slug`. */
export function FunctionsView({ slug }: { readonly slug: string | undefined }): ReactNode {
  const { data, error, reload } = useResource<UiFunctionList>("/functions");
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  const chosen = data?.items.find((each) => each.slug === slug);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data === undefined ? "Functions" : `${data.items.length} ${data.items.length === 1 ? "function" : "functions"}`}</h1>
      </header>
      {error !== undefined && <Problem what="The functions can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton />}
      {data?.items.length === 0 && (
        <Empty title="No functions yet.">
          <p>Functions appear when an app registers.</p>
          <Link className="button" href="/apps">
            Connect an app
          </Link>
        </Empty>
      )}
      <div className="cards-split">
        <ul className="cards" aria-label="Functions">
          {data?.items.map((each) => (
            <FunctionCard key={each.id} item={each} isChosen={each.slug === slug} />
          ))}
        </ul>
        {chosen !== undefined && (
          <aside className="panel" aria-label={`Function ${chosen.slug}`}>
            <header className="panel-head">
              <h2>{chosen.name}</h2>
              <span className="quiet">version {chosen.version}</span>
            </header>
            <p className="panel-links">
              <Link href={`/runs?function=${encodeURIComponent(chosen.slug)}`}>Its runs</Link>
            </p>
            <JsonViewer title="Configuration" text={chosen.config} />
          </aside>
        )}
      </div>
    </div>
  );
}

function FunctionCard({ item, isChosen }: { readonly item: UiFunction; readonly isChosen: boolean }): ReactNode {
  const starts = item.triggers.map((trigger) => trigger.event ?? trigger.cron ?? "");
  return (
    <li className="card" data-selected={isChosen || undefined}>
      <Link href={functionPath(item.slug)} className="row-link">
        {item.name}
      </Link>
      <span className="quiet">{item.slug}</span>
      <span className="spring" />
      {starts.length === 0 && <span className="quiet">started by other functions only</span>}
      {item.triggers.map((trigger, index) => (
        <code key={index} title={trigger.expression}>
          {starts[index]}
        </code>
      ))}
    </li>
  );
}
