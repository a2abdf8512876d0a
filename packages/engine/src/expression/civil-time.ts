/**
 * Calendar arithmetic on the proleptic Gregorian calendar, without the platform's clock or its `Date`.
 *
 * I1  `daysFromCivil` and `civilFromDays` are inverse for every day of the years 0000 to 9999.
 *
 * Method: days are counted in eras of 400 years that begin on 1 March, so that the leap day ends a year.
 */

/** A calendar day. `month` is 1 to 12, `day` 1 to 31. */
export type CivilDay = { readonly year: number; readonly month: number; readonly day: number };

/** A calendar day with a time of day. `nanos` is 0 to 999,999,999. */
export type CivilTime = CivilDay & { readonly hour: number; readonly minute: number; readonly second: number; readonly nanos: number };

const NANOS_PER_SECOND = 1_000_000_000n;
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_ERA = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAY = 719_468;

/** Days since 1970-01-01. */
export function daysFromCivil({ year, month, day }: CivilDay): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_DAY;
}

/** The calendar day of a number of days since 1970-01-01. */
export function civilFromDays(days: number): CivilDay {
  const shifted = days + EPOCH_DAY;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Nanoseconds since the epoch of a calendar time that is `offsetSeconds` ahead of UTC; undefined if no such day or time exists. */
export function nanosFromCivil(time: CivilTime, offsetSeconds: number): bigint | undefined {
  if (time.hour > 23 || time.minute > 59 || time.second > 59) return undefined;
  const days = daysFromCivil(time);
  const normal = civilFromDays(days);
  if (normal.day !== time.day || normal.month !== time.month) return undefined;
  const seconds = days * SECONDS_PER_DAY + time.hour * 3_600 + time.minute * 60 + time.second - offsetSeconds;
  return BigInt(seconds) * NANOS_PER_SECOND + BigInt(time.nanos);
}

/** The calendar time, in UTC, of nanoseconds since the epoch. */
export function civilFromNanos(nanos: bigint): CivilTime {
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  const seconds = Number((nanos - rest) / NANOS_PER_SECOND);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const secondOfDay = seconds - days * SECONDS_PER_DAY;
  return {
    ...civilFromDays(days),
    hour: Math.floor(secondOfDay / 3_600),
    minute: Math.floor(secondOfDay / 60) % 60,
    second: secondOfDay % 60,
    nanos: Number(rest),
  };
}

/** Day of the week of a number of days since the epoch; Sunday is 0. */
export function weekdayOf(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}
