/** Head of a run's page: the sentence, the facts, the actions. */
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { IdChip, ShortId } from "../controls/copy-button.tsx";
import { Fact } from "../controls/fact.tsx";
import { Link } from "../router/location.tsx";
import { functionPath, runPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { toneOfPhase, wordOf } from "../status/words.ts";
import { Ago, Elapsed } from "../time/ago.tsx";
import { countOf } from "../time/format.ts";
import { RunActions } from "./actions.tsx";

type HeaderProps = { readonly detail: UiRunDetail; readonly headline: string; readonly now: number; readonly onChange: () => void };

/** The head. `onChange` is called after an action that changed the run. */
export function RunHeader({ detail, headline, now, onChange }: HeaderProps): ReactNode {
  const { run } = detail;
  return (
    <header className="page-head run-head">
      <nav aria-label="Breadcrumb" className="crumbs">
        <Link href="/runs">Runs</Link> <span aria-hidden="true">/</span> <IdChip id={run.id} name="run id" />
      </nav>
      <h1 data-tone={toneOfPhase(run.phase)}>
        <Glyph name={run.phase} size={18} />
        <span>{headline}</span>
      </h1>
      <RunActions detail={detail} now={now} onChange={onChange} />
      <dl className="facts">
        <Fact label="Status">{wordOf(run.status)}</Fact>
        <Fact label="Function">
          <Link href={functionPath(run.functionSlug)}>{run.functionSlug}</Link>
        </Fact>
        <Fact label="App">
          {run.appName} <span className="quiet">v{run.functionVersion}</span>
        </Fact>
        <Fact label="Trigger">
          <code>{run.eventName}</code>
          {run.eventCount > 1 && <span className="quiet"> {countOf(run.eventCount, "event")}</span>}
        </Fact>
        {detail.endReason !== undefined && run.reason === undefined && <Fact label="Why">{detail.endReason}</Fact>}
        <Fact label="Queued">
          <Ago at={run.queuedAt} />
        </Fact>
        <Fact label={run.endedAt === undefined ? "So far" : "Took"}>
          <Elapsed from={run.startedAt ?? run.queuedAt} until={run.endedAt} />
        </Fact>
        <Lineage detail={detail} />
      </dl>
    </header>
  );
}

function Lineage({ detail }: { readonly detail: UiRunDetail }): ReactNode {
  const { run, childRuns, cron, bulkId, sessions = [] } = detail;
  return (
    <>
      {cron !== undefined && (
        <Fact label="Schedule">
          <code>{cron}</code>
        </Fact>
      )}
      {sessions.length > 0 && (
        <Fact label="Sessions">
          {sessions.map(([key, id]) => (
            <code key={`${key}=${id}`}>
              {key}={id}
            </code>
          ))}
        </Fact>
      )}
      {bulkId !== undefined && (
        <Fact label="Made by">
          <Link href="/bulks">a bulk operation</Link>
        </Fact>
      )}
      {run.rerunOf !== undefined && (
        <Fact label="Rerun of">
          <Link href={runPath(run.rerunOf)}>
            <ShortId id={run.rerunOf} />
          </Link>
        </Fact>
      )}
      {childRuns.length > 0 && (
        <Fact label="Started">
          {childRuns.slice(0, 3).map((id) => (
            <Link key={id} href={runPath(id)}>
              <ShortId id={id} />
            </Link>
          ))}
          {childRuns.length > 3 && <span className="quiet">and {childRuns.length - 3} more</span>}
        </Fact>
      )}
    </>
  );
}
