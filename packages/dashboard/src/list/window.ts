/**
 * Windowing: which rows of a long list are in the document. Rows have one height, so it is arithmetic.
 *
 * W1  At most the visible rows plus `OVERSCAN` on each side are drawn.
 */
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import type { RefObject } from "react";

/** Rows drawn beyond each edge: a flick of the wheel shows rows, not paper. */
const OVERSCAN = 8;

export type ListWindow = { readonly first: number; readonly end: number };

export type Viewport = { readonly scrollTop: number; readonly height: number };

/** The rows to draw: `first` included, `end` excluded. */
export function windowOf(viewport: Viewport, list: { readonly count: number; readonly rowHeight: number }): ListWindow {
  const { count, rowHeight } = list;
  const first = Math.max(0, Math.min(count, Math.floor(viewport.scrollTop / rowHeight)) - OVERSCAN);
  const end = Math.min(count, Math.ceil((viewport.scrollTop + viewport.height) / rowHeight) + OVERSCAN);
  return { first, end: Math.max(first, end) };
}

export type WindowedList = ListWindow & {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly isAtTop: boolean;
  readonly rowHeight: number;
};

type WindowOptions = {
  readonly count: number;
  /** Called when fewer than a screenful of rows is left below. */
  readonly onNearEnd?: () => void;
};

/** Windows a list inside a scrolling element, which carries the row height in CSS as `--row`. */
export function useWindowedList({ count, onNearEnd }: WindowOptions): WindowedList {
  const scroller = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState<Viewport & { readonly rowHeight: number }>({ scrollTop: 0, height: 900, rowHeight: 32 });
  const measure = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 32;
    // Rounded to rows: scrolling within a row renders nothing.
    const scrollTop = element.scrollTop <= 0 ? 0 : Math.max(1, Math.floor(element.scrollTop / rowHeight) * rowHeight);
    const height = element.clientHeight || 900;
    setViewport((last) =>
      last.scrollTop === scrollTop && last.height === height && last.rowHeight === rowHeight ? last : { scrollTop, height, rowHeight },
    );
  }, []);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [measure]);
  const { rowHeight } = viewport;
  const window = windowOf(viewport, { count, rowHeight });
  const isNearEnd = (count - window.end) * rowHeight < viewport.height;
  useLayoutEffect(() => {
    if (isNearEnd && count > 0) onNearEnd?.();
  }, [isNearEnd, count, onNearEnd]);
  return { ...window, scroller, rowHeight, isAtTop: viewport.scrollTop <= 0 };
}
