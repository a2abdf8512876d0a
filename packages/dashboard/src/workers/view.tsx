/** The workers that are connected, by app: what each can take and has, and how to connect one. */
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import type { UiWorkerList } from "@pawl/protocol";
import { useLive, useLiveState } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Problem, Skeleton } from "../controls/states.tsx";
import { countOf } from "../time/format.ts";
import { ConnectWorkerHelp } from "./help.tsx";
import { LeftWorkers } from "./left.tsx";
import { groupsOf, groupWords, workersSentence } from "./model.ts";
import type { WorkerGroup } from "./model.ts";
import { WorkerTable } from "./table.tsx";
import "../apps/apps.css";
import "./workers.css";

/** The page at `/workers`. */
export function WorkersView(): ReactNode {
  const { data, error, reload } = useResource<UiWorkerList>("/workers");
  useRenewal(data !== undefined && data.total > 0, reload);
  const groups = data === undefined ? [] : groupsOf(data);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{data === undefined ? "Workers" : workersSentence(data)}</h1>
        {data !== undefined && data.total > 0 && (
          <span className="quiet">Workers that are connected now, and below those that left last.</span>
        )}
      </header>
      {error !== undefined && <Problem what="The workers can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={4} />}
      {data !== undefined && groups.length === 0 && (
        <p className="lead">
          A worker is an app that opens a connection to this server and gets its calls over it, so it needs no address of its own. Apps that
          serve their functions by HTTP need none.
        </p>
      )}
      {groups.map((group) => (
        <AppWorkers key={group.appName} group={group} />
      ))}
      {data !== undefined && data.items.length < data.total && (
        <p className="quiet">
          Shown are the {countOf(data.items.length, "worker")} that came last, of {data.total.toLocaleString("en-US")}. GraphQL’s{" "}
          <code>workerConnections</code> has them all.
        </p>
      )}
      {data !== undefined && <LeftWorkers workers={data.left} />}
      {data !== undefined && (data.total === 0 || data.appsWithout.length > 0) && <ConnectWorkerHelp />}
    </div>
  );
}

function AppWorkers({ group: { appName, rows } }: { readonly group: WorkerGroup }): ReactNode {
  return (
    <section className="app-workers" aria-label={`Workers of ${appName}`}>
      <header>
        <h2>{appName}</h2>
        {rows.length > 0 && <span className="quiet">{groupWords(rows)}</span>}
      </header>
      {rows.length === 0 ? (
        <p className="form-problem" data-tone="retrying">
          No worker is connected: runs of its functions wait, and go on when one is.
        </p>
      ) : (
        <WorkerTable appName={appName} rows={rows} />
      )}
    </section>
  );
}

/** Between two looks while runs change. */
const BUSY_MS = 1_000;
/** As often as workers show themselves. */
const QUIET_MS = 10_000;

/** Fetches the workers again: when they come and go, while runs change at most once a second, and else as often as workers show themselves. */
function useRenewal(hasWorkers: boolean, reload: () => void): void {
  const isPaused = useLiveState() === "paused";
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.appsChanged) return reload();
    if (message.changes.runs.length === 0 || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      reload();
    }, BUSY_MS);
  });
  useEffect(() => {
    if (!hasWorkers || isPaused) return undefined;
    const quiet = setInterval(() => {
      if (!document.hidden) reload();
    }, QUIET_MS);
    return () => clearInterval(quiet);
  }, [hasWorkers, isPaused, reload]);
}
