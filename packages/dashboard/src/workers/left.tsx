/** The workers that left last, and why: the first look when runs wait at night. */
import type { ReactNode } from "react";
import type { UiLeftWorker } from "@pawl/protocol";
import { Glyph } from "../status/glyph.tsx";
import { Ago, Elapsed } from "../time/ago.tsx";
import { LEAVE_WORDS } from "./model.ts";
import "../list/lines.css";

/** The table, the one that left last first. */
export function LeftWorkers({ workers }: { readonly workers: readonly UiLeftWorker[] }): ReactNode {
  if (workers.length === 0) return null;
  return (
    <section className="app-workers" aria-label="Workers that left">
      <header>
        <h2>Left last</h2>
        <span className="quiet">Since this server started.</span>
      </header>
      <table className="lines left-lines" aria-label="Workers that left">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Apps</th>
            <th scope="col">Why</th>
            <th scope="col">Left</th>
            <th scope="col">Was connected for</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <Row key={worker.id} worker={worker} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ worker: { id, instanceId, appNames, reason, leftAt, connectedAt } }: { readonly worker: UiLeftWorker }): ReactNode {
  const { words, glyph, tone } = LEAVE_WORDS[reason];
  return (
    <tr>
      <th scope="row" title={`Connection ${id}`}>
        {instanceId}
      </th>
      <td data-label="Apps">{appNames.join(", ")}</td>
      <td data-label="Why">
        <span className="badge" data-tone={tone}>
          <Glyph name={glyph} />
          {words}
        </span>
      </td>
      <td data-label="Left">
        <Ago at={leftAt} />
      </td>
      <td data-label="Was connected for">
        <Elapsed from={connectedAt} until={leftAt} />
      </td>
    </tr>
  );
}
