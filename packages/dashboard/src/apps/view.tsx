/** The apps that the server knows, how they are, the chosen one beside them, and how to connect one. */
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { UiApp, UiAppList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Problem, Skeleton } from "../controls/states.tsx";
import { Link, navigate } from "../router/location.tsx";
import { appPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { countOf } from "../time/format.ts";
import { syncFailure } from "./failure.ts";
import { ConnectHelp } from "./help.tsx";
import { headline, isBroken, nameOf, sdkWords, successorOf, troubleFirst } from "./model.ts";
import { AppPanel, GoneApp } from "./panel.tsx";
import "./apps.css";

/** The pages at `/apps` and `/apps/:id`. */
export function AppsView({ appId }: { readonly appId: string | undefined }): ReactNode {
  const { data, error, reload } = useResource<UiAppList>("/apps");
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  const items = data?.items ?? [];
  const chosen = items.find((each) => each.id === appId);
  useSuccessor({ appId, items, chosen });
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data === undefined ? "Apps" : headline(items)}</h1>
      </header>
      {error !== undefined && <Problem what="The apps can’t be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={3} />}
      {data !== undefined && (items.length > 0 || appId !== undefined) && (
        <div className="cards-split">
          <ul className="cards" aria-label="Apps">
            {troubleFirst(items).map((each) => (
              <AppCard key={each.id} app={each} isChosen={each === chosen} />
            ))}
          </ul>
          {chosen !== undefined && <AppPanel key={chosen.id} app={chosen} onChange={reload} />}
          {chosen === undefined && appId !== undefined && <GoneApp />}
        </div>
      )}
      {appId === undefined && <ConnectHelp />}
    </div>
  );
}

type Choice = { readonly appId: string | undefined; readonly items: readonly UiApp[]; readonly chosen: UiApp | undefined };

/** Stays with an app that was chosen while only its URL was known, when it registers and so gets its own id. */
function useSuccessor({ appId, items, chosen }: Choice): void {
  const [last, setLast] = useState(chosen);
  if (chosen !== undefined && chosen !== last) setLast(chosen);
  const isGone = chosen === undefined && last !== undefined && last.id === appId;
  const successorId = isGone ? successorOf(last, items)?.id : undefined;
  useEffect(() => {
    if (successorId !== undefined) navigate(appPath(successorId), { isReplacing: true });
  }, [successorId]);
}

function AppCard({ app, isChosen }: { readonly app: UiApp; readonly isChosen: boolean }): ReactNode {
  const tone = isBroken(app) ? "failed" : "completed";
  return (
    <li className="card app-card" data-tone={tone} data-selected={isChosen || undefined}>
      <span className="tone-text">
        <Glyph name={tone} />
        {isBroken(app) ? "Failing" : "Synced"}
      </span>
      <span className="stack-text">
        <Link href={appPath(app.id)} className="row-link" data-row-link="" aria-current={isChosen || undefined}>
          {nameOf(app)}
        </Link>
        <Place app={app} />
      </span>
      <Link href={`/runs?app=${encodeURIComponent(app.name)}`}>{countOf(app.functionCount, "function")}</Link>
      <span className="quiet">{[app.framework, sdkWords(app.sdk)].filter((part) => part !== "").join(" · ")}</span>
      <span className="quiet">
        <Ago at={app.syncedAt} />
      </span>
      {app.error !== undefined && <CardFailure error={app.error} />}
    </li>
  );
}

function Place({ app: { method, url } }: { readonly app: UiApp }): ReactNode {
  if (method !== "connect") return <code className="quiet">{url}</code>;
  return (
    <span>
      served by <Link href="/workers">workers</Link>
    </span>
  );
}

function CardFailure({ error }: { readonly error: string }): ReactNode {
  const { what, remedy } = syncFailure(error);
  return (
    <span className="app-error">
      {what} {remedy !== undefined && <span>{remedy}</span>}
    </span>
  );
}
