/**
 * The page of one run: the answer in a sentence, why it stands still, where its time went, the timeline, and the panel of a step.
 * The chosen step (`step`) and the cutting of idle time (`fold`) are in the URL.
 *
 * Spec: dashboard 3.
 */
import { useCallback, useEffect } from "react";
import type { ReactNode } from "react";
import { isTerminalStatus } from "@pawl/protocol";
import type { UiRunDetail } from "@pawl/protocol";
import { useLive } from "../api/live.ts";
import { useResource } from "../api/resource.ts";
import { Empty, Problem, Skeleton } from "../controls/states.tsx";
import { Link, patchQuery, useAddress } from "../router/location.tsx";
import { useNow } from "../time/clock.ts";
import { BudgetBar } from "./budget-bar.tsx";
import { Explainer } from "./explainer.tsx";
import { RunHeader } from "./header.tsx";
import { RunPanel, SpanPanel } from "./panel.tsx";
import { headlineOf, spanInFocus } from "./sentence.ts";
import { Timeline } from "./timeline.tsx";
import "./run.css";

/** The page at `/runs/:id`. */
export function RunView({ runId }: { readonly runId: string }): ReactNode {
  const { data, error, reload } = useResource<UiRunDetail>(`/runs/${encodeURIComponent(runId)}`);
  const shownSeq = data?.run.seq ?? -1;
  useLive((message) => {
    if (message.kind === "refetch" || message.changes.runs.some((row) => row.id === runId && row.seq > shownSeq)) reload();
  });
  if (data === undefined && error?.status === 404) return <NoRun runId={runId} />;
  return (
    <div className="page run-page">
      {error !== undefined && (
        <Problem what={data === undefined ? "The run can't be loaded." : "The run can't be renewed."} error={error} onRetry={reload} />
      )}
      {data !== undefined && <LoadedRun detail={data} onChange={reload} />}
      {data === undefined && error === undefined && <Skeleton />}
    </div>
  );
}

function LoadedRun({ detail, onChange }: { readonly detail: UiRunDetail; readonly onChange: () => void }): ReactNode {
  const { query } = useAddress();
  const now = useNow(!isTerminalStatus(detail.run.status));
  const headline = headlineOf(detail, now);
  useEffect(() => {
    document.title = `${headline.replace(/\.$/, "")} · Pawl`;
  }, [headline]);
  const stepId = query.get("step") ?? spanInFocus(detail)?.id;
  const span = detail.spans.find((each) => each.id === stepId);
  const fold = query.get("fold");
  const choose = useCallback((id: string) => patchQuery({ step: id }, { isReplacing: true }), []);
  return (
    <>
      <RunHeader detail={detail} headline={headline} now={now} onChange={onChange} />
      <Explainer detail={detail} />
      <BudgetBar detail={detail} now={now} />
      <div className="run-split">
        <Timeline
          detail={detail}
          now={now}
          isFolded={fold === null ? undefined : fold === "1"}
          chosenId={span?.id ?? "function"}
          onChoose={choose}
        />
        {span === undefined || span.kind === "function" ? (
          <RunPanel detail={detail} span={span} />
        ) : (
          <SpanPanel key={span.id} detail={detail} span={span} />
        )}
      </div>
    </>
  );
}

function NoRun({ runId }: { readonly runId: string }): ReactNode {
  return (
    <Empty title="This run isn't here.">
      <p>
        No run has the id <code>{runId}</code>. It may have been deleted by retention, or it belongs to another server.
      </p>
      <Link className="button" href="/runs">
        See all runs
      </Link>
    </Empty>
  );
}
