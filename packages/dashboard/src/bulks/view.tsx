/** The page of bulk operations: what was asked for, how far each is, and the way back. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiBulk, UiBulkList } from "@pawl/protocol";
import { ApiError, stopBulk } from "../api/client.ts";
import { usePolling } from "../api/poll.ts";
import { useResource } from "../api/resource.ts";
import { Fact } from "../controls/fact.tsx";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { Link } from "../router/location.tsx";
import { functionPath } from "../router/routes.ts";
import { Glyph } from "../status/glyph.tsx";
import { wordOf } from "../status/words.ts";
import { Ago, Countdown } from "../time/ago.tsx";
import { useNow } from "../time/clock.ts";
import { formatMoment } from "../time/format.ts";
import { BULK_STATUSES, bulksSentence, isLive, progressWords } from "./model.ts";
import "./bulks.css";

/** Progress is asked for this often, while there is some. */
const PROGRESS_MS = 1_000;

/** The page at `/bulks`. */
export function BulksView(): ReactNode {
  const { data, error, reload } = useResource<UiBulkList>("/bulks");
  const [said, setSaid] = useState("");
  const items = data?.items ?? [];
  usePolling(reload, { everyMs: PROGRESS_MS, isOn: items.some(isLive) });
  return (
    <div className="page">
      <header className="page-head">
        <h1>{items.length === 0 ? "Bulk operations" : bulksSentence(items)}</h1>
        <span role="status" className="quiet">
          {said}
        </span>
      </header>
      {error !== undefined && <Problem what="The bulk operations can't be loaded." error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={4} />}
      {data?.items.length === 0 && <NoBulks />}
      {items.length > 0 && (
        <ul className="cards" aria-label="Bulk operations">
          {items.map((bulk) => (
            <BulkCard
              key={bulk.id}
              bulk={bulk}
              onStopped={(words) => {
                setSaid(words);
                reload();
              }}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

type CardProps = { readonly bulk: UiBulk; readonly onStopped: (words: string) => void };

function BulkCard({ bulk, onStopped }: CardProps): ReactNode {
  const { word, glyph } = BULK_STATUSES[bulk.status];
  return (
    <li className="card bulk-card" aria-label={`${kindWord(bulk)} runs of ${bulk.functionSlug}`}>
      <span className="badge" data-tone={glyph}>
        <Glyph name={glyph} />
        {word}
      </span>
      <span className="stack-text">
        <b>
          {kindWord(bulk)} runs of <Link href={functionPath(bulk.functionSlug)}>{bulk.functionSlug}</Link>
        </b>
        <span>{bulk.status === "scheduled" ? <Begins at={bulk.beginsAt} /> : progressWords(bulk)}</span>
      </span>
      <Scope bulk={bulk} />
      <span className="quiet">
        <Ago at={bulk.createdAt} />
      </span>
      <span>{isLive(bulk) && <StopButton bulk={bulk} onStopped={onStopped} />}</span>
    </li>
  );
}

function Begins({ at }: { readonly at: number }): ReactNode {
  return (
    <>
      begins <Countdown at={at} />
    </>
  );
}

/** Which runs it is about. */
function Scope({ bulk }: { readonly bulk: UiBulk }): ReactNode {
  const now = useNow(false);
  const { statuses, from, until, kind, perSecond } = bulk;
  return (
    <dl className="facts">
      <Fact label="Status">{statuses.length === 0 ? (kind === "cancel" ? "any live" : "any ended") : statuses.map(wordOf).join(", ")}</Fact>
      <Fact label="Queued">
        {from === undefined ? "before " : `${formatMoment(from, now)} – `}
        {formatMoment(until, now)}
      </Fact>
      {bulk.if !== undefined && (
        <Fact label="Where">
          <code>{bulk.if}</code>
        </Fact>
      )}
      {kind === "replay" && <Fact label="A second">{perSecond}</Fact>}
    </dl>
  );
}

function StopButton({ bulk, onStopped }: CardProps): ReactNode {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const isUndo = bulk.status === "scheduled";
  const stop = (): void => {
    setBusy(true);
    setProblem(undefined);
    stopBulk(bulk.id)
      .then(({ result }) =>
        onStopped(result === "undone" ? "Undone before it began: no run was touched." : "Stopped: what was done by then stays."),
      )
      .catch((error: unknown) => setProblem(error instanceof ApiError ? error.message : "It could not be stopped."))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" className="button" disabled={isBusy} aria-busy={isBusy} onClick={stop}>
        {isBusy ? (isUndo ? "Undoing…" : "Stopping…") : isUndo ? "Undo" : "Stop"}
      </button>
      {problem !== undefined && (
        <span role="alert" className="form-problem" data-tone="failed">
          {problem}
        </span>
      )}
    </>
  );
}

function NoBulks(): ReactNode {
  return (
    <Empty title="No bulk operations.">
      <p>Cancel or replay many runs at once from the list of runs. What is under way and what was done is listed here for 30 days.</p>
      <Link className="button" href="/runs">
        See all runs
      </Link>
    </Empty>
  );
}

function kindWord({ kind }: UiBulk): string {
  return kind === "cancel" ? "Cancel" : "Replay";
}
