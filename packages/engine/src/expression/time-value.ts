/** Timestamps and durations within their ranges, which are those of CEL. */
import { Duration, Failure, Timestamp } from "./value.ts";

const NANOS_PER_SECOND = 1_000_000_000n;

/** 0000-01-01T00:00:00Z. CEL begins at the year 1; the year 0 is where dates without a year land. */
const TIMESTAMP_NANOS_MIN = -62_167_219_200n * NANOS_PER_SECOND;

/** The first instant after the year 9999. */
const TIMESTAMP_NANOS_END = 253_402_300_800n * NANOS_PER_SECOND;

/** About 10,000 years. */
const DURATION_NANOS_MAX = 315_576_000_000n * NANOS_PER_SECOND;

/** A timestamp, or a failure if it lies outside the years 0 to 9999. */
export function timestampFromNanos(nanos: bigint): Timestamp | Failure {
  const isInRange = nanos >= TIMESTAMP_NANOS_MIN && nanos < TIMESTAMP_NANOS_END;
  return isInRange ? new Timestamp(nanos) : new Failure("timestamp out of range: the year must be 0 to 9999");
}

/** A duration, or a failure if it is longer than about 10,000 years. */
export function durationFromNanos(nanos: bigint): Duration | Failure {
  const isInRange = nanos >= -DURATION_NANOS_MAX && nanos <= DURATION_NANOS_MAX;
  return isInRange ? new Duration(nanos) : new Failure("duration out of range: at most about 10,000 years");
}
