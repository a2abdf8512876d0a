/**
 * The timeline of a run: one row per step, its bar cut into what happened when. A tree for assistive technology: the run, then its steps.
 *
 * T1  Rows have one height and only the visible ones are drawn, so that thousands of steps stay light.
 * T2  Focus equals hover, and every bar's content is also in the row's name.
 *
 * Spec: dashboard 3.3.
 */
import { useMemo, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { useWindowedList } from "../list/window.ts";
import { patchQuery } from "../router/location.tsx";
import { formatShort } from "../time/format.ts";
import { TimelineRow } from "./timeline-row.tsx";
import type { TimelineItem } from "./timeline-row.tsx";
import { buildScale } from "./scale.ts";
import type { Scale } from "./scale.ts";
import { runInterval, segmentsOfRun } from "./segments.ts";

type TimelineProps = {
  readonly detail: UiRunDetail;
  readonly now: number;
  /** Cut idle times; undefined leaves it to the share of idle time. */
  readonly isFolded: boolean | undefined;
  readonly chosenId: string;
  readonly onChoose: (spanId: string) => void;
};

/** The timeline with its axis. */
export function Timeline({ detail, now, isFolded, chosenId, onChoose }: TimelineProps): ReactNode {
  const [filter, setFilter] = useState("");
  const isOver = detail.run.endedAt !== undefined;
  const at = isOver ? detail.run.endedAt : now;
  const all = useMemo(() => itemsOf(detail, at), [detail, at]);
  const scale = useMemo(
    () => buildScale({ ...runInterval(detail, at), segments: all.flatMap((item) => item.segments), isFolded }),
    [detail, at, all, isFolded],
  );
  const items = filter === "" ? all : all.filter((item) => item.level === 1 || item.span.name.toLowerCase().includes(filter.toLowerCase()));
  const window = useWindowedList({ count: items.length });
  const shown = items.slice(window.first, window.end);
  const chosenIsShown = shown.some((item) => item.span.id === chosenId);
  return (
    <section className="timeline" aria-label="Timeline">
      <TimelineTools scale={scale} isFolded={isFolded} stepCount={all.length - 1} filter={filter} onFilter={setFilter} />
      <div className="timeline-scroll" ref={window.scroller} onKeyDown={onKeyDown} tabIndex={-1}>
        <Axis scale={scale} />
        <div className="timeline-body">
          <Grid scale={scale} isLive={!isOver} />
          <div
            role="tree"
            aria-label="Steps"
            style={{ paddingTop: window.first * window.rowHeight, paddingBottom: (items.length - window.end) * window.rowHeight }}
          >
            {shown.map((item, index) => (
              <TimelineRow
                key={item.span.id}
                item={item}
                scale={scale}
                now={at}
                isChosen={item.span.id === chosenId}
                isFocusable={chosenIsShown ? item.span.id === chosenId : index === 0}
                onChoose={onChoose}
              />
            ))}
          </div>
          {items.length <= 1 && <p className="quiet timeline-none">{noneWords(filter, detail.run.endedAt !== undefined)}</p>}
        </div>
      </div>
    </section>
  );
}

type ToolsProps = {
  readonly scale: Scale;
  readonly isFolded: boolean | undefined;
  readonly stepCount: number;
  readonly filter: string;
  readonly onFilter: (text: string) => void;
};

function TimelineTools({ scale, isFolded, stepCount, filter, onFilter }: ToolsProps): ReactNode {
  const isCut = scale.cuts.length > 0;
  return (
    <header className="timeline-tools">
      <h2>Timeline</h2>
      <span className="quiet">
        {stepCount} {stepCount === 1 ? "step" : "steps"}
      </span>
      <span className="spring" />
      {(isCut || scale.idleShare > 0) && (
        <button
          type="button"
          className="quiet-button"
          aria-pressed={isCut}
          onClick={() => patchQuery({ fold: isCut ? "0" : "1" }, { isReplacing: true })}
        >
          {isCut || isFolded === true ? "Idle time cut" : "Cut idle time"}
        </button>
      )}
      {stepCount > 8 && (
        <input
          type="search"
          className="field"
          aria-label="Filter steps"
          placeholder="Filter steps"
          value={filter}
          onChange={(event) => onFilter(event.target.value)}
        />
      )}
    </header>
  );
}

function Axis({ scale }: { readonly scale: Scale }): ReactNode {
  return (
    <div className="axis" aria-hidden="true">
      <div className="lane">
        {scale.ticks.map((tick) => (
          <span key={tick.place} className="tick" style={{ left: `${tick.place * 100}%` }}>
            {tick.label}
          </span>
        ))}
        {scale.cuts.map((cut) => (
          <span
            key={cut.from}
            className="cut-label"
            style={{ left: `${cut.left * 100}%`, width: `${cut.width * 100}%` }}
            title={`${formatShort(cut.to - cut.from)} without work`}
          >
            {formatShort(cut.to - cut.from)}
          </span>
        ))}
      </div>
    </div>
  );
}

function Grid({ scale, isLive }: { readonly scale: Scale; readonly isLive: boolean }): ReactNode {
  return (
    <div className="grid" aria-hidden="true">
      <div className="lane">
        {scale.ticks.map((tick) => (
          <i key={tick.place} style={{ left: `${tick.place * 100}%` }} />
        ))}
        {scale.cuts.map((cut) => (
          <i key={cut.from} className="cut" style={{ left: `${cut.left * 100}%`, width: `${cut.width * 100}%` }} />
        ))}
        {isLive && <i className="now" style={{ left: "100%" }} />}
      </div>
    </div>
  );
}

function itemsOf(detail: UiRunDetail, now: number): readonly TimelineItem[] {
  return segmentsOfRun(detail, now).map((item, index) => ({ ...item, level: index === 0 ? 1 : 2 }));
}

const STEPS: { readonly [key: string]: number } = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=treeitem]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const target = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  event.preventDefault();
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}

function noneWords(filter: string, hasEnded: boolean): string {
  if (filter !== "") return "No step has this in its name.";
  return hasEnded ? "No steps." : "No step yet.";
}
