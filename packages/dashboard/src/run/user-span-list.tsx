/**
 * What the user's own tracing reported of a step, or of the function's code: one line and one bar per span, its attributes below on demand.
 *
 * Spec: dashboard RD-10.
 */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { JsonViewer } from "../json/viewer.tsx";
import { formatDuration } from "../time/format.ts";
import { userSpanRows, type UserSpanRow } from "./user-spans.ts";

/** Rows drawn before more are asked for. */
const SHOWN = 50;
const INDENT_REM = 0.75;
const DEPTH_SHOWN_MAX = 8;

type ListProps = {
  readonly spans: UiRunDetail["userSpans"];
  /** Undefined for the function's own code. */
  readonly stepId?: string;
};

/** The spans; nothing where there are none. */
export function UserSpanList({ spans, stepId }: ListProps): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const rows = userSpanRows(spans, stepId);
  if (rows.length === 0) return null;
  const shown = isWhole ? rows : rows.slice(0, SHOWN);
  return (
    <section className="user-spans" aria-label="Spans of your code">
      <header className="json-head">
        <h3>Spans of your code</h3>
        <span className="quiet">{rows.length}</span>
      </header>
      <ol>
        {shown.map((row) => (
          <UserSpanItem key={row.span.id} row={row} />
        ))}
      </ol>
      {shown.length < rows.length && (
        <button type="button" className="quiet-button" onClick={() => setWhole(true)}>
          Show all {rows.length}
        </button>
      )}
    </section>
  );
}

function UserSpanItem({ row }: { readonly row: UserSpanRow }): ReactNode {
  const { span, depth, left, width } = row;
  const { name, scope, statusMessage, startedAt, endedAt, status, attributes } = span;
  return (
    <li
      data-tone={status === "error" ? "failed" : undefined}
      style={{ paddingLeft: `${Math.min(depth, DEPTH_SHOWN_MAX) * INDENT_REM}rem` }}
    >
      <details>
        <summary>
          <span className="ellipsis" title={name}>
            {name}
          </span>
          {scope !== undefined && <span className="quiet ellipsis">{scope}</span>}
          <span className="spring" />
          <span className="mono">{formatDuration(endedAt - startedAt)}</span>
        </summary>
        {statusMessage !== undefined && <p className="error-message">{statusMessage}</p>}
        <JsonViewer title="Attributes" text={attributes} />
      </details>
      <span className="user-span-lane" aria-hidden="true">
        <i style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
      </span>
    </li>
  );
}
