/**
 * Durations as text, in the two grammars of the protocol.
 *
 * I1  Results are milliseconds and may carry a fraction (`"1us"` is 0.001).
 * I2  `formatDuration` is read back by `parseDurationMs` as the same whole number of milliseconds.
 *
 * Source: wire-protocol sections 4.4 and 6.10; sdk Appendix A.
 */

const UNIT_MS = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  μs: 0.001,
  ns: 0.000_001,
} as const;

const ANY_UNIT = /(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|μs|ns|w|d|h|m|s)/y;
const GO_UNIT = /(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|μs|ns|h|m|s)/y;

/**
 * Milliseconds of text such as `"1w2d3h4m5s6ms"`, `"1.5h"`, `"0"`. Units `w d h m s ms us ns` combine in any order.
 * `undefined` for anything else: bare numbers, signs, spaces, upper case, the empty string.
 */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, ANY_UNIT);
}

/** As `parseDurationMs`, without days and weeks: the grammar of a batch's timeout. */
export function parseGoDurationMs(text: string): number | undefined {
  return parse(text, GO_UNIT);
}

function parse(text: string, part: RegExp): number | undefined {
  if (text === "0") return 0;
  let ms = 0;
  let position = 0;
  while (position < text.length) {
    part.lastIndex = position;
    const match = part.exec(text);
    if (match === null) return undefined;
    ms += Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
    position = part.lastIndex;
  }
  return position === 0 ? undefined : ms;
}

const FORMAT_UNITS = ["w", "d", "h", "m", "s", "ms"] as const;

/**
 * Text of a duration: parts in `w d h m s ms`, such as `"1d12h"`; `"0s"` for zero and below. Fractions of a millisecond are rounded up,
 * so that a sleep is never shorter than asked for. Throws a RangeError for values that aren't finite.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`A duration must be a finite number of milliseconds, not ${ms}.`);
  let rest = Math.ceil(ms);
  if (rest <= 0) return "0s";
  let text = "";
  for (const unit of FORMAT_UNITS) {
    const count = Math.floor(rest / UNIT_MS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNIT_MS[unit];
  }
  return text;
}
