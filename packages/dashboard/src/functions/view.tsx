/** The functions that apps have registered, and the chosen one beside them. */
import { useEffect } from "react";
import type { ReactNode } from "react";
import type { UiFunction, UiFunctionList } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";
import { serverNow } from "../time/clock.ts";
import { countOf } from "../time/format.ts";
import { FunctionPanel, Triggers } from "./panel.tsx";
import { PausedBadge } from "./pause.tsx";
import "../apps/apps.css";
import "./functions.css";

/** The pages at `/functions` and `/functions/:slug`. */
export function FunctionsView({ slug }: { readonly slug: string | undefined }): ReactNode {
  const { data, error, reload } = useResource<UiFunctionList>("/functions");
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) reload();
  });
  const items = data?.items ?? [];
  useNextTick(items, reload);
  const chosen = items.find((each) => each.slug === slug);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{items.length === 0 ? "Functions" : headline(items)}</h1>
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
          {chosen !== undefined && <FunctionPanel key={chosen.id} item={chosen} onChange={reload} />}
        </div>
      )}
    </div>
  );
}

/** A timer can't be longer than 2^31 ms, and a page that is open for a day may as well look again. */
const NEXT_TICK_MS_MAX = 86_400_000;

/** Fetches the functions again after the next schedule has ticked. */
function useNextTick(items: readonly UiFunction[], reload: () => void): void {
  const nextAt = Math.min(...items.flatMap(({ triggers }) => triggers.map((trigger) => trigger.nextAt ?? Infinity)));
  useEffect(() => {
    if (nextAt === Infinity) return undefined;
    const waitMs = Math.max(0, Math.min(nextAt - serverNow(), NEXT_TICK_MS_MAX)) + 1_000;
    const timer = setTimeout(reload, waitMs);
    return () => clearTimeout(timer);
  }, [nextAt, reload]);
}

function headline(items: readonly UiFunction[]): string {
  const apps = new Set(items.map((each) => each.appName)).size;
  const paused = items.filter((each) => each.paused !== undefined).length;
  return `${countOf(items.length, "function")} in ${countOf(apps, "app")}${paused === 0 ? "" : `, ${paused} paused`}.`;
}

function FunctionCard({ item, isChosen }: { readonly item: UiFunction; readonly isChosen: boolean }): ReactNode {
  return (
    <li className="card function-card" data-selected={isChosen || undefined}>
      <span className="stack-text">
        <Link href={functionPath(item.slug)} className="row-link" data-row-link="" aria-current={isChosen || undefined}>
          {item.name}
        </Link>
        <span className="quiet">{item.slug}</span>
        <PausedBadge item={item} />
      </span>
      <Triggers item={item} />
      <span className="quiet">{item.appName}</span>
    </li>
  );
}
