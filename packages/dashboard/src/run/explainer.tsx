/**
 * Why this run isn't moving, or was skipped: the reason in the protocol's words, since when and until when, and who holds what it waits for.
 *
 * Spec: dashboard 3.5.
 */
import type { ReactNode } from "react";
import { REASONS } from "@pawl/protocol";
import type { UiReason, UiRunDetail, UiSpan } from "@pawl/protocol";
import { Holders } from "../reason/holders.tsx";
import { untilWords } from "../reason/model.ts";
import { Link } from "../router/location.tsx";
import { functionPath, runPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { toneOfPhase, wordOf } from "../status/words.ts";
import { Ago, Countdown, Elapsed } from "../time/ago.tsx";

/** Steps listed by name; a fan-out may have thousands and the timeline shows them all. */
const STEPS_LISTED_MAX = 4;

const STILL = new Set(["queued", "held", "waiting", "retrying", "paused", "skipped"]);

/** The banner; nothing while the run moves or has ended by itself. */
export function Explainer({ detail }: { readonly detail: UiRunDetail }): ReactNode {
  const { run } = detail;
  const { reason } = run;
  if (!STILL.has(run.phase) || reason === undefined) return null;
  const stuck = detail.spans.filter((span) => span.endedAt === undefined && span.reason !== undefined && span.kind !== "function");
  const listed = run.phase === "skipped" ? [] : stuck;
  return (
    <section
      className="explainer"
      data-tone={run.phase === "skipped" ? "queued" : toneOfPhase(run.phase)}
      aria-label="Why this run isn't moving"
    >
      <h2>
        <Glyph name={run.phase} />
        {wordOf(run.phase)} <Since run={run} reason={reason} />
        <Until reason={reason} />
      </h2>
      <p>{REASONS[reason.code]}</p>
      {reason.text !== REASONS[reason.code] && listed.length === 0 && <p className="quiet">{reason.text}</p>}
      {listed.length === 0 && <Holders runIds={reason.holders} />}
      <NextStep run={run} reason={reason} />
      {listed.length > 0 && (
        <ul>
          {listed.slice(0, STEPS_LISTED_MAX).map((span) => (
            <StuckStep key={span.id} span={span} reason={span.reason as UiReason} />
          ))}
          {listed.length > STEPS_LISTED_MAX && <li className="quiet">and {listed.length - STEPS_LISTED_MAX} more steps</li>}
        </ul>
      )}
    </section>
  );
}

type BannerProps = { readonly run: UiRunDetail["run"]; readonly reason: UiReason };

function Since({ run, reason }: BannerProps): ReactNode {
  if (run.phase === "skipped") return <Ago at={reason.since} />;
  return (
    <>
      for <Elapsed from={reason.since} />
    </>
  );
}

function Until({ reason }: { readonly reason: UiReason }): ReactNode {
  if (reason.until === undefined) return null;
  return (
    <span className="until">
      {untilWords(reason.code)} <Countdown at={reason.until} />
    </span>
  );
}

/** Where to go to change it. */
function NextStep({ run, reason }: BannerProps): ReactNode {
  const words = nextStepWords(run, reason);
  return words === undefined ? null : (
    <p>
      <Link href={functionPath(run.functionSlug)}>{words}</Link>
    </p>
  );
}

function nextStepWords({ phase }: UiRunDetail["run"], { code }: UiReason): string | undefined {
  if (code === "held-by-pause" || code === "function-paused" || code === "function-draining") return "Resume the function";
  return phase === "held" || phase === "skipped" ? "See the limits of the function" : undefined;
}

function StuckStep({ span, reason }: { readonly span: UiSpan; readonly reason: UiReason }): ReactNode {
  return (
    <li>
      <b>{span.name}</b> <span>{reason.text}</span>{" "}
      <span className="quiet">
        since <Ago at={reason.since} />
        {reason.until !== undefined && (
          <>
            {" · "}
            {untilWords(reason.code)} <Countdown at={reason.until} />
          </>
        )}
        {span.attempts.at(-1)?.error !== undefined && <> · last error: {span.attempts.at(-1)?.error?.message}</>}
      </span>{" "}
      <Holders runIds={reason.holders} /> {span.invoke?.runId !== undefined && <Link href={runPath(span.invoke.runId)}>Open its run</Link>}
      {span.wait?.eventName !== undefined && (
        <Link href={`/send?name=${encodeURIComponent(span.wait.eventName)}`}>Send a matching event</Link>
      )}
    </li>
  );
}
