/**
 * The axis of the timeline: from instants to places between 0 and 1, with long idle times cut short.
 *
 * A1  Order is kept: a later instant is never further left.
 * A2  Only time in which nothing was executed or queued is cut, and each cut is labelled with its true length.
 *
 * Spec: dashboard 3.3.
 */
import { formatShort } from "../time/format.ts";
import type { Segment } from "./segments.ts";

export type Cut = { readonly from: number; readonly to: number; readonly left: number; readonly width: number };
export type Tick = { readonly place: number; readonly label: string };

export type Scale = {
  /** Place of an instant, between 0 and 1. Instants outside are clamped. */
  readonly place: (at: number) => number;
  readonly cuts: readonly Cut[];
  readonly ticks: readonly Tick[];
  /** Share of the time that idle cutting would remove, between 0 and 1. */
  readonly idleShare: number;
};

type Interval = { readonly from: number; readonly to: number };
type ScaleOptions = Interval & {
  readonly segments: readonly Segment[];
  /** Cut idle times. Default: when they are more than 60 % of all. */
  readonly isFolded?: boolean | undefined;
};

/** Idle times are cut when longer than both. */
const IDLE_MS_MIN = 10_000;
const IDLE_SHARE_MIN = 0.05;
const FOLD_SHARE = 0.6;

/** Width of a cut as part of the axis; all cuts together take at most `CUTS_WIDTH_MAX`. */
const CUT_WIDTH = 0.08;
const CUTS_WIDTH_MAX = 0.5;

const TICKS_MAX = 7;
const TICK_DISTANCE_MIN = 0.09;

/** A label beyond this would leave the axis. */
const TICK_PLACE_MAX = 0.95;

/** Builds the axis for an interval. */
export function buildScale(options: ScaleOptions): Scale {
  const { from, to } = options;
  const idle = idleIntervals(options);
  const idleShare = idle.reduce((sum, each) => sum + each.to - each.from, 0) / (to - from);
  const cutIntervals = (options.isFolded ?? idleShare > FOLD_SHARE) ? idle : [];
  const pieces = layOut({ from, to }, cutIntervals);
  const place = (at: number): number => {
    const piece = pieces.findLast((each) => each.from <= at) ?? pieces[0];
    if (piece === undefined || piece.to === piece.from) return 0;
    return piece.left + piece.width * Math.min(1, Math.max(0, (at - piece.from) / (piece.to - piece.from)));
  };
  const cuts = pieces.filter((piece) => piece.isCut);
  return { place, cuts, ticks: ticksOf({ from, to, pieces, place }), idleShare };
}

type Piece = Cut & { readonly isCut: boolean };

/** Maximal stretches without work, between whose ends nothing begins or ends. */
function idleIntervals({ from, to, segments }: ScaleOptions): readonly Interval[] {
  const busy = segments.filter((segment) => segment.kind === "exec" || segment.kind === "queue" || segment.kind === "other");
  const points = segments.flatMap((segment) => [segment.from, segment.to]).map((at) => ({ from: at, to: at }));
  const shortest = Math.max(IDLE_MS_MIN, (to - from) * IDLE_SHARE_MIN);
  const gaps: Interval[] = [];
  let end = from;
  for (const each of [...busy, ...points, { from: to, to }].toSorted((a, b) => a.from - b.from)) {
    if (each.from - end > shortest) gaps.push({ from: end, to: Math.min(each.from, to) });
    end = Math.max(end, each.to);
  }
  return gaps;
}

function layOut(whole: Interval, cuts: readonly Interval[]): readonly Piece[] {
  const linearMs = whole.to - whole.from - cuts.reduce((sum, cut) => sum + cut.to - cut.from, 0);
  // Where nothing but idle time would be cut, there is nothing left to show beside it.
  if (cuts.length > 0 && linearMs < 1) return layOut(whole, []);
  const cutWidth = cuts.length === 0 ? 0 : Math.min(CUT_WIDTH, CUTS_WIDTH_MAX / cuts.length);
  const perMs = (1 - cutWidth * cuts.length) / linearMs;
  const pieces: Piece[] = [];
  let at = whole.from;
  let left = 0;
  const push = (to: number, isCut: boolean): void => {
    const width = isCut ? cutWidth : (to - at) * perMs;
    pieces.push({ from: at, to, left, width, isCut });
    at = to;
    left += width;
  };
  for (const cut of cuts) {
    if (cut.from > at) push(cut.from, false);
    push(cut.to, true);
  }
  if (whole.to > at) push(whole.to, false);
  return pieces;
}

const NICE = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
];
const HOUR_MS = 3_600_000;

type TickInput = Interval & { readonly pieces: readonly Piece[]; readonly place: (at: number) => number };

/** Ticks of the parts that aren't cut. After a cut they count from its end (`+50 ms`): the time from the beginning would be the same to the eye. */
function ticksOf({ from, to, pieces, place }: TickInput): readonly Tick[] {
  const linear = pieces.filter((piece) => !piece.isCut);
  const step = niceStep(linear.reduce((sum, piece) => sum + piece.to - piece.from, 0) / TICKS_MAX);
  const ticks: Tick[] = [];
  let last = -1;
  for (const piece of linear) {
    const isFirst = piece.from === from;
    // A cut's label needs room on both sides.
    if (!isFirst) last = piece.left;
    const end = piece.to === to ? TICK_PLACE_MAX : piece.left + piece.width - TICK_DISTANCE_MIN;
    for (let at = piece.from + (isFirst ? 0 : step); at <= piece.to; at += step) {
      const where = place(at);
      if (where - last < TICK_DISTANCE_MIN || where > end) continue;
      const label = formatShort(at - piece.from);
      ticks.push({ place: where, label: at === from ? "0" : isFirst ? label : `+${label}` });
      last = where;
    }
  }
  return ticks;
}

function niceStep(least: number): number {
  return NICE.find((step) => step >= least) ?? Math.ceil(least / HOUR_MS) * HOUR_MS;
}
