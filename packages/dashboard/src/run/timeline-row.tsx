/** One row of the timeline: glyph, name, bar, duration. */
import { memo } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import type { UiSpan } from "@pawl/protocol";
import { Glyph } from "../status/glyph.tsx";
import { toneOfSpan, wordOf } from "../status/words.ts";
import { countOf, formatDuration } from "../time/format.ts";
import type { Scale } from "./scale.ts";
import type { Segment } from "./segments.ts";

/** A span with its segments and level. */
export type TimelineItem = { readonly span: UiSpan; readonly segments: readonly Segment[]; readonly level: 1 | 2 };

type RowProps = {
  readonly item: TimelineItem;
  readonly scale: Scale;
  /** End of the axis: now, or the end of the run. */
  readonly now: number;
  readonly isChosen: boolean;
  readonly isFocusable: boolean;
  readonly onChoose: (spanId: string) => void;
};

/** The row. Enter, space and click choose the step. */
export const TimelineRow: React.NamedExoticComponent<RowProps> = memo(function TimelineRow(props): ReactNode {
  const { item, scale, now, isChosen, onChoose } = props;
  const { span, level, segments } = item;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onChoose(span.id);
  };
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-selected={isChosen}
      aria-label={nameOf(item, now)}
      tabIndex={props.isFocusable ? 0 : -1}
      className={`step-row level-${level}`}
      data-tone={toneOfSpan(span.status)}
      onClick={() => onChoose(span.id)}
      onKeyDown={onKeyDown}
    >
      <span className="step-name">
        <Glyph name={span.status} />
        <span className="ellipsis" title={span.name}>
          {level === 1 ? "Run" : span.name}
        </span>
        <span className="step-kind">{kindWord(span)}</span>
      </span>
      <span className="lane">
        {segments.map((segment) => (
          <SegmentBar key={`${segment.kind}${segment.from}`} segment={segment} scale={scale} />
        ))}
      </span>
      <span className="step-duration">{formatDuration(lengthOf(span, now))}</span>
    </div>
  );
});

function SegmentBar({ segment, scale }: { readonly segment: Segment; readonly scale: Scale }): ReactNode {
  const left = scale.place(segment.from);
  const width = scale.place(segment.to) - left;
  return (
    <span
      className={`bar seg-${segment.kind}`}
      data-tone={segment.tone}
      data-open={segment.isOpen || undefined}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      title={titleOf(segment)}
    />
  );
}

const SEGMENT_WORDS: { readonly [kind in Segment["kind"]]: string } = {
  queue: "queued",
  exec: "ran",
  backoff: "until the next attempt",
  sleep: "sleeping",
  wait: "waiting",
  invoke: "waiting for the invoked function",
  steps: "steps under way",
  other: "not attributed",
};

function titleOf(segment: Segment): string {
  const attempt = segment.attempt === undefined || segment.kind !== "exec" ? "" : `attempt ${segment.attempt + 1}, ${segment.tone}, `;
  return `${attempt}${SEGMENT_WORDS[segment.kind]} ${formatDuration(segment.to - segment.from)}`;
}

/** `charge-card, failed, 3 attempts, queued 120 ms, ran 1.2 s`. */
function nameOf({ span, segments, level }: TimelineItem, now: number): string {
  const sumMs = (kind: Segment["kind"]): number =>
    segments.filter((each) => each.kind === kind).reduce((sum, each) => sum + each.to - each.from, 0);
  const parts = [level === 1 ? "Run" : span.name, wordOf(span.status).toLowerCase()];
  if (span.attempts.length > 1 && level === 2) parts.push(countOf(span.attempts.length, "attempt"));
  if (sumMs("queue") >= 1) parts.push(`queued ${formatDuration(sumMs("queue"))}`);
  if (sumMs("exec") > 0) parts.push(`ran ${formatDuration(sumMs("exec"))}`);
  else parts.push(formatDuration(lengthOf(span, now)));
  return parts.join(", ");
}

function kindWord(span: UiSpan): string {
  if (span.kind === "run" || span.kind === "function")
    return span.attempts.length > 1 && span.kind === "run" ? `×${span.attempts.length}` : "";
  return wordOf(span.kind).toLowerCase();
}

function lengthOf(span: UiSpan, now: number): number {
  return (span.endedAt ?? now) - (span.startedAt ?? span.queuedAt);
}
