/**
 * Why this run isn't moving: a banner while it is queued, held, waiting, retrying or paused. The words of each reason are the protocol's.
 *
 * Spec: dashboard 3.5.
 */
import type { ReactNode } from "react";
import { REASONS } from "@pawl/protocol";
import type { UiReason, UiRunDetail, UiSpan } from "@pawl/protocol";
import { Link } from "../router/location.tsx";
import { runPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { toneOfPhase, wordOf } from "../status/words.ts";
import { Ago, Countdown, Elapsed } from "../time/ago.tsx";

/** Steps listed by name; a fan-out may have thousands and the timeline shows them all. */
const STEPS_LISTED_MAX = 4;

const STILL = new Set(["queued", "held", "waiting", "retrying", "paused"]);

/** The banner; nothing while the run moves or has ended. */
export function Explainer({ detail }: { readonly detail: UiRunDetail }): ReactNode {
  const { run } = detail;
  if (!STILL.has(run.phase) || run.reason === undefined) return null;
  const stuck = detail.spans.filter((span) => span.endedAt === undefined && span.reason !== undefined && span.kind !== "function");
  return (
    <section className="explainer" data-tone={toneOfPhase(run.phase)} aria-label="Why this run isn't moving">
      <h2>
        <Glyph name={run.phase} />
        {wordOf(run.phase)} for <Elapsed from={run.reason.since} />
        {run.reason.until !== undefined && (
          <span className="until">
            {untilWords(run.reason)} <Countdown at={run.reason.until} />
          </span>
        )}
      </h2>
      <p>{REASONS[run.reason.code]}</p>
      {run.reason.text !== REASONS[run.reason.code] && stuck.length === 0 && <p className="quiet">{run.reason.text}</p>}
      {stuck.length > 0 && (
        <ul>
          {stuck.slice(0, STEPS_LISTED_MAX).map((span) => (
            <StuckStep key={span.id} span={span} reason={span.reason as UiReason} />
          ))}
          {stuck.length > STEPS_LISTED_MAX && <li className="quiet">and {stuck.length - STEPS_LISTED_MAX} more steps</li>}
        </ul>
      )}
    </section>
  );
}

/** What happens at the reason's `until`. */
function untilWords(reason: UiReason): string {
  if (reason.code === "sleeping") return "wakes";
  if (reason.code === "retrying" || reason.code === "app-unreachable") return "next attempt";
  return reason.code.startsWith("waiting-for-") ? "times out" : "goes on at the latest";
}

function StuckStep({ span, reason }: { readonly span: UiSpan; readonly reason: UiReason }): ReactNode {
  return (
    <li>
      <b>{span.name}</b> <span>{reason.text}</span>{" "}
      <span className="quiet">
        since <Ago at={reason.since} />
        {span.attempts.at(-1)?.error !== undefined && <> · last error: {span.attempts.at(-1)?.error?.message}</>}
      </span>{" "}
      {span.invoke?.runId !== undefined && <Link href={runPath(span.invoke.runId)}>Open its run</Link>}
      {span.wait?.eventName !== undefined && (
        <Link href={`/send?name=${encodeURIComponent(span.wait.eventName)}`}>Send a matching event</Link>
      )}
    </li>
  );
}
