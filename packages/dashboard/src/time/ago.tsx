/** Instants and durations on screen: relative by default, absolute in the title and in `<time>`. */
import type { ReactNode } from "react";
import { useNow } from "./clock.ts";
import { formatAgo, formatDuration, formatInstant } from "./format.ts";

/** A relative time that ages by itself. `at` in milliseconds since the epoch. */
export function Ago({ at }: { readonly at: number }): ReactNode {
  const now = useNow(false);
  return (
    <time dateTime={new Date(at).toISOString()} title={formatInstant(at, now)}>
      {formatAgo(at, Math.max(now, Math.min(at, now + 1_000)))}
    </time>
  );
}

/** The time from `from` to `until`, or to now and growing when it hasn't ended. */
export function Elapsed({ from, until }: { readonly from: number; readonly until?: number | undefined }): ReactNode {
  return until === undefined ? <Growing from={from} /> : formatDuration(until - from);
}

/** The time that is left until `at`, counting down; `now` when it has come. */
export function Countdown({ at }: { readonly at: number }): ReactNode {
  const left = at - useNow(false);
  return left < 1_000 ? "now" : `in ${formatDuration(Math.floor(left / 1_000) * 1_000)}`;
}

function Growing({ from }: { readonly from: number }): ReactNode {
  const elapsed = Math.max(0, useNow(true) - from);
  return formatDuration(elapsed < 10_000 ? Math.floor(elapsed / 100) * 100 : Math.floor(elapsed / 1_000) * 1_000);
}
