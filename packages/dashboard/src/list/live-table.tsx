/**
 * A windowed table of live rows: header, rows, a counter for the rows that wait, paging at the end, arrow keys.
 *
 * T1  Rows are held back while the pointer or the focus is inside, or the list isn't at its top.
 * T2  The counter is announced politely and at most every two seconds, never per row.
 *
 * Spec: dashboard 2.5, 2.8, 2.10.
 */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { Problem, Skeleton } from "../controls/states.tsx";
import type { Tone } from "../status/words.ts";
import { countOf } from "../time/format.ts";
import type { Row } from "./paged.ts";
import type { PagedView } from "./use-paged.ts";
import { useWindowedList } from "./window.ts";

const ANNOUNCE_MS = 2_000;

export type Column = { readonly label: string; readonly className: string };

type LiveTableProps<T extends Row> = {
  /** Accessible name: `Runs`, `Events`. */
  readonly name: string;
  /** One row in words: `run`. */
  readonly noun: string;
  readonly columns: readonly Column[];
  readonly view: PagedView<T>;
  /** The cells of a row, each with role `cell`; one of them holds the link with `data-row-link`. */
  readonly cells: (row: T) => ReactNode;
  readonly isSelected?: (row: T) => boolean;
  /** A row's tone; rows that failed or are retried are marked at their edge. */
  readonly toneOf?: (row: T) => Tone;
  /** Shown in place of the rows when the list is empty. */
  readonly empty: ReactNode;
};

/** The table. Its class is the lower-case name, for the column widths. */
export function LiveTable<T extends Row>(props: LiveTableProps<T>): ReactNode {
  const { view, name, noun } = props;
  const { rows, pending } = view.list;
  const window = useWindowedList({ count: rows.length, onNearEnd: view.loadMore });
  const holding = useHolding(view, window.isAtTop);
  const body = rows.slice(window.first, window.end);
  const isEmpty = rows.length === 0 && !view.isFirstLoad && !view.isStale && view.error === undefined;
  return (
    <div className={`live-table table-${name.toLowerCase()}`} data-stale={view.isStale || undefined} {...holding}>
      {view.error !== undefined && <Problem what={`The ${name.toLowerCase()} can't be loaded.`} error={view.error} onRetry={view.reload} />}
      <div className="table-scroll" ref={window.scroller} onKeyDown={onArrowKey} tabIndex={-1}>
        {pending.length > 0 && (
          <button type="button" className="pending" onClick={() => revealAtTop(view, window.scroller.current)}>
            <span aria-hidden="true">▲</span> {countOf(pending.length, `new ${noun}`)}
          </button>
        )}
        <div role="table" aria-label={name} aria-rowcount={view.list.next === undefined ? rows.length + 1 : -1}>
          <div role="row" aria-rowindex={1} className="row head">
            {props.columns.map((column) => (
              <span role="columnheader" key={column.label} className={column.className}>
                {column.label}
              </span>
            ))}
          </div>
          <div
            role="rowgroup"
            style={{ paddingTop: window.first * window.rowHeight, paddingBottom: (rows.length - window.end) * window.rowHeight }}
          >
            {body.map((row, index) => (
              <div
                role="row"
                key={row.id}
                className="row"
                aria-rowindex={window.first + index + 2}
                data-selected={props.isSelected?.(row) || undefined}
                data-tone={props.toneOf?.(row)}
              >
                <Flash seq={row.seq} />
                {props.cells(row)}
              </div>
            ))}
          </div>
        </div>
        {view.isFirstLoad && view.error === undefined && <Skeleton rows={14} />}
        {isEmpty && props.empty}
        <ListEnd view={view} noun={noun} />
      </div>
      <Announcement text={pending.length === 0 ? "" : countOf(pending.length, `new ${noun}`)} />
    </div>
  );
}

/** What stands below the last row: a way to more, or that there are no more. */
function ListEnd<T extends Row>({ view, noun }: { readonly view: PagedView<T>; readonly noun: string }): ReactNode {
  const count = view.list.rows.length;
  if (count === 0) return null;
  if (view.list.next === undefined) return <p className="list-end">End of the list · {countOf(count, noun)}</p>;
  return (
    <p className="list-end">
      <button type="button" className="button" disabled={view.isLoadingMore} onClick={view.loadMore}>
        Load older {noun}s
      </button>
    </p>
  );
}

/** A row that changed is tinted for a moment; a row that has just been drawn isn't. */
function Flash({ seq }: { readonly seq: number | undefined }): ReactNode {
  const [first] = useState(seq);
  return seq === first ? null : <span key={seq} className="flash" aria-hidden="true" />;
}

type Holding = {
  readonly onPointerEnter: () => void;
  readonly onPointerLeave: () => void;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
};

function useHolding<T extends Row>(view: PagedView<T>, isAtTop: boolean): Holding {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isHeld = isPointed || isFocused || !isAtTop;
  const { hold, reveal } = view;
  useEffect(() => {
    hold(isHeld);
    if (!isHeld) reveal();
  }, [isHeld, hold, reveal]);
  return {
    onPointerEnter: () => setPointed(true),
    onPointerLeave: () => setPointed(false),
    onFocus: () => setFocused(true),
    onBlur: () => setFocused(false),
  };
}

function revealAtTop<T extends Row>(view: PagedView<T>, scroller: HTMLElement | null): void {
  view.reveal();
  scroller?.scrollTo({ top: 0 });
}

function Announcement({ text }: { readonly text: string }): ReactNode {
  const [said, setSaid] = useState("");
  const latest = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = text;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setSaid(latest.current);
    }, ANNOUNCE_MS);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <span className="hidden-text" role="status">
      {said}
    </span>
  );
}

const STEPS: { readonly [key: string]: number } = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, Home: -Infinity, End: Infinity };

/** Arrow keys, j and k move from row to row. */
function onArrowKey(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row-link]")];
  const at = links.findIndex((link) => link === document.activeElement);
  const target = links[Math.max(0, Math.min(links.length - 1, at + step))];
  if (target === undefined) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({ block: "nearest" });
}
