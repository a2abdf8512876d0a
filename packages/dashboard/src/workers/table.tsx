/** The table of an app's workers. */
import type { ReactNode } from "react";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { countOf } from "../time/format.ts";
import { callsWords, isFull, isSilent, machineWords, WORKER_STATUSES } from "./model.ts";
import type { WorkerRow } from "./model.ts";
import "../list/lines.css";

/** The table, the worker that came last first. */
export function WorkerTable({ appName, rows }: { readonly appName: string; readonly rows: readonly WorkerRow[] }): ReactNode {
  return (
    <table className="lines worker-lines" aria-label={`Workers of ${appName}`}>
      <thead>
        <tr>
          <th scope="col">Worker</th>
          <th scope="col">State</th>
          <th scope="col">Calls</th>
          <th scope="col">Version</th>
          <th scope="col">SDK</th>
          <th scope="col">Functions</th>
          <th scope="col">Connected</th>
          <th scope="col">Last heard</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.worker.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row: { worker, app } }: { readonly row: WorkerRow }): ReactNode {
  const { instanceId, status, sdk, connectedAt } = worker;
  const { word, glyph, tone } = WORKER_STATUSES[status];
  const machine = machineWords(worker);
  return (
    <tr>
      <th scope="row" title={`Connection ${worker.id}`}>
        <span className="stack-text">
          {instanceId}
          {machine !== "" && <span className="quiet">{machine}</span>}
        </span>
      </th>
      <td data-label="State">
        <span className="badge" data-tone={tone}>
          <Glyph name={glyph} />
          {word}
        </span>
      </td>
      <td data-label="Calls">
        <Calls worker={worker} />
      </td>
      <td data-label="Version">
        <span className="stack-text">
          {app.version ?? <span className="quiet">none given</span>}
          {!app.isRegistered && (
            <span className="quiet" title="Another version of the app is registered; this one gets what is left.">
              not the registered one
            </span>
          )}
        </span>
      </td>
      <td data-label="SDK">{sdk.replace(":", " ")}</td>
      <td data-label="Functions">
        <Functions slugs={app.functionSlugs} />
      </td>
      <td data-label="Connected">
        <Ago at={connectedAt} />
      </td>
      <td data-label="Last heard">
        <Heard worker={worker} />
      </td>
    </tr>
  );
}

/** How many it has, in words and as a bar. */
function Calls({ worker }: { readonly worker: WorkerRow["worker"] }): ReactNode {
  const { inUse, capacity, apps } = worker;
  const isAtLimit = isFull(worker);
  return (
    <span
      className="calls"
      data-tone={isAtLimit ? "retrying" : "running"}
      title={apps.length > 1 ? "Of all its apps together." : undefined}
    >
      {capacity !== undefined && (
        <i className="calls-bar" aria-hidden="true">
          <i style={{ width: `${Math.min(100, (inUse / Math.max(1, capacity)) * 100)}%` }} />
        </i>
      )}
      <span className={isAtLimit ? "tone-text" : undefined}>
        {callsWords(worker)}
        {isAtLimit && ", full"}
      </span>
    </span>
  );
}

function Functions({ slugs }: { readonly slugs: readonly string[] }): ReactNode {
  const [only] = slugs;
  if (only === undefined) return "none";
  if (slugs.length === 1) return <Link href={functionPath(only)}>{only}</Link>;
  return (
    <details>
      <summary>{countOf(slugs.length, "function")}</summary>
      <ul>
        {slugs.map((slug) => (
          <li key={slug}>
            <Link href={functionPath(slug)}>{slug}</Link>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Heard({ worker }: { readonly worker: WorkerRow["worker"] }): ReactNode {
  const isLate = isSilent(worker, useNow(false));
  if (!isLate) return <Ago at={worker.heardAt} />;
  return (
    <span className="tone-text" data-tone="retrying">
      <Glyph name="timed_out" size={12} />
      <span>
        silent, <Ago at={worker.heardAt} />
      </span>
    </span>
  );
}
