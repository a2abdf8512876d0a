/** Functions that a run has deferred, and the labels that it carries. */
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";

type Defers = NonNullable<UiRunDetail["defers"]>;

const STATUS_WORDS: { readonly [status in Defers[number]["status"]]: string } = {
  "after-run": "starts when the run has ended",
  aborted: "taken back",
  rejected: "refused",
};

/** Words of the protocol's codes for refusals. */
const REFUSALS: { readonly [code: string]: string } = {
  per_defer_size: "its input is too large",
  aggregate_size: "the inputs of the run's deferred functions are too large together",
  per_run_count: "the run has deferred too many functions",
  invalid_opts: "its options are invalid",
};

/** The deferred functions; nothing where there are none. */
export function Deferred({ detail }: { readonly detail: UiRunDetail }): ReactNode {
  const { defers = [], run } = detail;
  if (defers.length === 0) return null;
  return (
    <section aria-label="Deferred functions">
      <header className="json-head">
        <h3>Deferred functions</h3>
        <span className="quiet">{defers.length}</span>
      </header>
      <ul className="defers">
        {defers.map(({ functionSlug, status, reason }, index) => (
          <li key={index}>
            <Link href={functionPath(functionSlug)}>{functionSlug}</Link>{" "}
            <span className="quiet">
              {status === "after-run" && run.endedAt !== undefined ? "started when the run ended" : STATUS_WORDS[status]}
              {reason !== undefined && `: ${REFUSALS[reason] ?? reason}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
