/** Durations in Go's grammar, which has neither days nor weeks: the timeout of a batch is read that way. (wire-protocol 4.4.4, D25) */

/** Text such as `"90s"`; whole milliseconds, rounded up. */
export function formatGoDuration(ms: number): string {
  const whole = Math.ceil(ms);
  return whole % 1_000 === 0 ? `${whole / 1_000}s` : `${whole}ms`;
}
