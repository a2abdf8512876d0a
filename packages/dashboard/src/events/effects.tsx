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
import { ReasonDetail } from "../reason/detail.tsx";
import { Link } from "../router/location.tsx";
import { functionPath, runPath } from "../router/routes.ts";
import { PhaseBadge } from "../status/glyph.tsx";
import { effectsOf } from "./model.ts";
import type { Effect } from "./model.ts";

/** The list, for the panel of an event and for what was just sent. */
export function EventEffects({ event }: { readonly event: UiEventRow }): ReactNode {
  const effects = effectsOf(event);
  return (
    <ul className="effects" aria-label="What it did">
      {effects.map((effect, index) => (
        <EffectLine key={effect.runId ?? `${effect.functionSlug}-${index}`} effect={effect} />
      ))}
      {effects.length === 0 && <NothingStarted name={event.name} />}
    </ul>
  );
}

function EffectLine({ effect }: { readonly effect: Effect }): ReactNode {
  const { functionSlug, phase, runId, reason, detail } = effect;
  return (
    <li>
      <PhaseBadge phase={phase} />
      <span>
        <Link href={runId === undefined ? functionPath(functionSlug) : runPath(runId)}>{functionSlug}</Link>{" "}
        {runId !== undefined && <ShortId id={runId} />}
      </span>
      {reason !== undefined && (
        <span className="why">
          {REASONS[reason]} <ReasonDetail code={reason} detail={detail} />
        </span>
      )}
    </li>
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
