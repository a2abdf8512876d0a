/** The panel beside the timeline: everything about the chosen step, or about the run as a whole. */
import type { ReactNode } from "react";
import type { UiReason, UiRunDetail, UiSpan } from "@pawl/protocol";
import { Fact } from "../controls/fact.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { Holders } from "../reason/holders.tsx";
import { Link } from "../router/location.tsx";
import { eventPath, runPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { toneOfPhase, toneOfSpan, wordOf } from "../status/words.ts";
import { Ago, Countdown, Elapsed } from "../time/ago.tsx";
import { Deferred } from "./after-run.tsx";
import { AttemptList } from "./attempts.tsx";
import { ErrorBlock } from "./error-block.tsx";
import { Notes } from "./notes.tsx";
import { RerunFromStep } from "./rerun-from-step.tsx";
import { RunEvents } from "./run-events.tsx";
import { UserSpanList } from "./user-span-list.tsx";

/** The run as a whole: its events, its result, the calls to its own code. `span` is that of the run's own code, if there is one yet. */
export function RunPanel({ detail, span }: { readonly detail: UiRunDetail; readonly span: UiSpan | undefined }): ReactNode {
  const { run, events, output, error } = detail;
  const own = span ?? detail.spans.find((each) => each.kind === "function");
  return (
    <aside className="panel" aria-label="Run">
      <header className="panel-head">
        <h2 data-tone={toneOfPhase(run.phase)}>
          <Glyph name={run.phase} /> {run.functionName}
        </h2>
        <span className="quiet">{wordOf(run.phase)}</span>
      </header>
      {error !== undefined && <ErrorBlock error={error} />}
      {output !== undefined && <JsonViewer title="Output" text={output} />}
      <Notes metadata={detail.metadata} stepId="" />
      <UserSpanList spans={detail.userSpans} />
      <RunEvents events={events} />
      <Deferred detail={detail} />
      {own !== undefined && hasTelling(own) && <AttemptList title="Calls to the function" attempts={own.attempts} isNumbered={false} />}
    </aside>
  );
}

/** A single call that went well says no more than the run itself. */
function hasTelling({ attempts }: UiSpan): boolean {
  return attempts.length > 1 || attempts.some((attempt) => attempt.outcome !== "completed");
}

/** One step: facts, the way to run again from it, error, output, input, notes, attempts. */
export function SpanPanel({ detail, span }: { readonly detail: UiRunDetail; readonly span: UiSpan }): ReactNode {
  return (
    <aside className="panel" aria-label={`Step ${span.name}`}>
      <header className="panel-head">
        <h2 data-tone={toneOfSpan(span.status)}>
          <Glyph name={span.status} /> {span.name}
        </h2>
        <span className="quiet">{wordOf(span.status)}</span>
      </header>
      <SpanFacts span={span} />
      <RerunFromStep run={detail.run} span={span} />
      {span.error !== undefined && <ErrorBlock error={span.error} />}
      {span.output !== undefined && <JsonViewer title="Output" text={span.output} />}
      {span.input !== undefined && <JsonViewer title="Input" text={span.input} />}
      <Notes metadata={detail.metadata} stepId={span.id} />
      <UserSpanList spans={detail.userSpans} stepId={span.id} />
      {span.attempts.length > 0 && <AttemptList title="Attempts" attempts={span.attempts} />}
    </aside>
  );
}

function SpanFacts({ span }: { readonly span: UiSpan }): ReactNode {
  const { wait, invoke, reason } = span;
  return (
    <dl className="facts stacked">
      <Fact label="Kind">{wordOf(span.kind)}</Fact>
      {span.userlandId !== undefined && span.userlandId !== span.name && (
        <Fact label="Step id">
          <code>{span.userlandId}</code>
        </Fact>
      )}
      {reason !== undefined && span.endedAt === undefined && <ReasonFact reason={reason} />}
      <Fact label="Took">
        <Elapsed from={span.startedAt ?? span.queuedAt} until={span.endedAt} />
      </Fact>
      <Fact label="Queued">
        <Ago at={span.queuedAt} />
      </Fact>
      {span.until !== undefined && span.endedAt === undefined && (
        <Fact label={span.kind === "sleep" ? "Wakes" : "Times out"}>
          <Countdown at={span.until} />
        </Fact>
      )}
      {wait !== undefined && <WaitFacts wait={wait} />}
      {invoke !== undefined && (
        <Fact label="Invokes">
          {invoke.functionSlug} {invoke.runId !== undefined && <Link href={runPath(invoke.runId)}>Open its run</Link>}
        </Fact>
      )}
    </dl>
  );
}

function ReasonFact({ reason }: { readonly reason: UiReason }): ReactNode {
  return (
    <Fact label="Reason">
      <span>{reason.text}</span>
      <span className="quiet">
        since <Ago at={reason.since} />
      </span>
      <Holders runIds={reason.holders} />
    </Fact>
  );
}

function WaitFacts({ wait }: { readonly wait: NonNullable<UiSpan["wait"]> }): ReactNode {
  return (
    <>
      {wait.eventName !== undefined && (
        <Fact label="Event">
          <code>{wait.eventName}</code>
        </Fact>
      )}
      {wait.signal !== undefined && (
        <Fact label="Signal">
          <code>{wait.signal}</code>
        </Fact>
      )}
      {wait.expression !== undefined && (
        <Fact label="Where">
          <code>{wait.expression}</code>
        </Fact>
      )}
      {wait.matchedEventId !== undefined && (
        <Fact label="Matched">
          <Link href={eventPath(wait.matchedEventId)}>
            <code>{wait.matchedEventId}</code>
          </Link>
        </Fact>
      )}
    </>
  );
}
