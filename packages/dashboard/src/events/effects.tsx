/**
 * What an event did: the runs it started, the functions it did not start and why, and the name that was probably meant.
 *
 * Spec: dashboard 3.9.
 */
import type { ReactNode } from "react";
import { REASONS } from "@pawl/protocol";
import type { UiEventRow, UiFunctionList } from "@pawl/protocol";
import { useResource } from "../api/resource.ts";
import { ShortId } from "../controls/copy-button.tsx";
import { listenedNames, nearMiss } from "../functions/model.ts";
import { Link } from "../router/location.tsx";
import { functionPath, runPath } from "../router/routes.ts";
import { PhaseBadge } from "../status/glyph.tsx";
import { phaseOfStatus } from "../status/words.ts";

/** The list, for the panel of an event and for what was just sent. */
export function EventEffects({ event }: { readonly event: UiEventRow }): ReactNode {
  const outcomes = event.outcomes ?? [];
  return (
    <ul className="effects" aria-label="What it did">
      {event.runs.map((run) => (
        <li key={run.id}>
          <PhaseBadge phase={phaseOfStatus(run.status)} />
          <span>
            <Link href={runPath(run.id)}>{run.functionSlug}</Link> <ShortId id={run.id} />
          </span>
        </li>
      ))}
      {outcomes.map((outcome) => (
        <li key={outcome.functionSlug}>
          <PhaseBadge phase="skipped" />
          <Link href={functionPath(outcome.functionSlug)}>{outcome.functionSlug}</Link>
          <span className="why">
            {REASONS[outcome.reason]} {outcome.detail}
          </span>
        </li>
      ))}
      {event.runs.length === 0 && outcomes.length === 0 && <NothingStarted name={event.name} />}
    </ul>
  );
}

function NothingStarted({ name }: { readonly name: string }): ReactNode {
  const functions = useResource<UiFunctionList>("/functions").data?.items;
  const listened = listenedNames(functions ?? []);
  const meant = nearMiss(name, listened);
  if (functions !== undefined && listened.includes(name)) {
    return <li className="quiet">It has started no run so far.</li>;
  }
  return (
    <>
      <li>
        <PhaseBadge phase="skipped" />
        <span>{REASONS["no-function-matched"]}</span>
      </li>
      {meant !== undefined && (
        <li>
          <span className="quiet">Did you mean</span>
          <Link href={`/send?name=${encodeURIComponent(meant)}`}>
            <code>{meant}</code>
          </Link>
        </li>
      )}
    </>
  );
}
