/**
 * Text forms of durations in expressions: `"1h30m"`, `"2d"`, `"-1.5s"`.
 *
 * Spec: semantics 2.4, functions `now_plus`, `now_minus`, `duration`.
 */

const NANOS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

const PART = /(\d+)(?:\.(\d+))?(ns|us|µs|μs|ms|s|m|h|d|w)/y;

/** Longest text worth trying; every duration that fits 64 bits can be written in less. */
const DURATION_CHARS_MAX = 128;

/** Nanoseconds of a duration such as `1h30m`, with an optional sign; undefined if the text is not one. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > DURATION_CHARS_MAX) return undefined;
  const body = text.replace(/^[+-]/, "");
  if (body === "") return undefined;
  if (body === "0") return 0n;
  let nanos = 0n;
  for (let at = 0; at < body.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const match = PART.exec(body);
    if (match === null) return undefined;
    nanos += partNanos(match);
  }
  return text.startsWith("-") ? -nanos : nanos;
}

/** A duration in seconds with as many digits of fraction as needed: `5400s`, `-0.25s`. */
export function formatDuration(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = size % 1_000_000_000n;
  const tail = fraction === 0n ? "" : `.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
  return `${nanos < 0n ? "-" : ""}${size / 1_000_000_000n}${tail}s`;
}

function partNanos(match: RegExpExecArray): bigint {
  const unit = NANOS_PER_UNIT[match[3] ?? ""] ?? 0n;
  const fraction = match[2] ?? "";
  const partial = fraction === "" ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  return BigInt(match[1] ?? "0") * unit + partial;
}
