import fc from "fast-check";
import { expect, test } from "vitest";
import { admitRate, EXACT_MAX, type RateRule, type RateState } from "./rate-window.ts";
import { decideThrottle, type ThrottleRule } from "./throttle.ts";

const START = 1_760_000_000_000;

/** Instants in order, with bursts and gaps. */
const instants = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 20_000 })), { minLength: 1, maxLength: 200 })
  .map((gaps) =>
    gaps.map(
      (
        (at) => (gap) =>
          (at += gap)
      )(START),
    ),
  );

const rateRules: fc.Arbitrary<RateRule> = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: EXACT_MAX - 1, max: EXACT_MAX + 30 })),
  periodMs: fc.integer({ min: 1, max: 60_000 }),
});

/** Instants that are admitted; `refused` is called for each other one. */
function admit(
  rule: RateRule,
  at: readonly number[],
  refused: (now: number, nextAt: number, admitted: readonly number[]) => void = () => {},
): readonly number[] {
  const admitted: number[] = [];
  let state: RateState = [];
  for (const now of at) {
    const result = admitRate(state, rule, now);
    if (result.kind === "admitted") {
      state = result.state;
      admitted.push(now);
    } else refused(now, result.nextAt, admitted);
  }
  return admitted;
}

test("no window of the period has more admissions than the limit", () => {
  fc.assert(
    fc.property(rateRules, instants, (rule, at) => {
      const admitted = admit(rule, at);
      for (const [index, now] of admitted.entries()) {
        const before = admitted[index - rule.limit];
        if (before !== undefined) expect(now - before).toBeGreaterThanOrEqual(rule.periodMs);
      }
    }),
  );
});

test("small limits refuse only what is over them, and the next instant that they name is the first with room", () => {
  fc.assert(
    fc.property(
      rateRules.filter(({ limit }) => limit <= EXACT_MAX),
      instants,
      (rule, at) => {
        admit(rule, at, (now, nextAt, admitted) => {
          const counting = admitted.filter((earlier) => earlier > now - rule.periodMs);
          expect(counting).toHaveLength(rule.limit);
          expect(nextAt).toBe((counting[0] ?? 0) + rule.periodMs);
        });
      },
    ),
  );
});

test("large limits refuse at most what was admitted a 64th of the period too long ago", () => {
  fc.assert(
    fc.property(
      rateRules.filter(({ limit }) => limit > EXACT_MAX),
      instants,
      (rule, at) => {
        admit(rule, at, (now, _nextAt, admitted) => {
          const slack = Math.max(1, Math.floor(rule.periodMs / 64));
          expect(admitted.filter((earlier) => earlier > now - rule.periodMs - slack).length).toBeGreaterThanOrEqual(rule.limit);
        });
      },
    ),
  );
});

test("a limit of any size admits again at the instant that it names, and not a millisecond before", () => {
  fc.assert(
    fc.property(rateRules, instants, (rule, at) => {
      let state: RateState = [];
      for (const now of at) {
        const result = admitRate(state, rule, now);
        if (result.kind === "admitted") ({ state } = result);
        else {
          expect(result.nextAt).toBeGreaterThan(now);
          expect(admitRate(state, rule, result.nextAt).kind).toBe("admitted");
          expect(admitRate(state, rule, result.nextAt - 1).kind).toBe("refused");
        }
      }
    }),
  );
});

test("the state of a large limit stays small", () => {
  const rule = { limit: 100_000, periodMs: 3_600_000 };
  let state: RateState = [];
  for (let n = 0; n < 5_000; n++) {
    const result = admitRate(state, rule, START + n * 997);
    if (result.kind === "admitted") ({ state } = result);
  }
  expect(state.length).toBeLessThanOrEqual(65);
});

test("a limit that was changed counts what was admitted before", () => {
  const first = admitRate([], { limit: 1, periodMs: 1_000 }, START);
  if (first.kind !== "admitted") throw new Error("refused");
  expect(admitRate(first.state, { limit: 2, periodMs: 5_000 }, START + 4_000).kind).toBe("admitted");
  expect(admitRate(first.state, { limit: 1, periodMs: 5_000 }, START + 4_000)).toEqual({ kind: "refused", nextAt: START + 5_000 });
});

test("a clock that goes back admits no more than the limit", () => {
  const rule = { limit: 2, periodMs: 1_000 };
  const admitted = admit(rule, [START + 500, START + 100, START + 200]);
  expect(admitted).toHaveLength(2);
});

const throttleRules: fc.Arbitrary<ThrottleRule> = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  periodMs: fc.integer({ min: 1, max: 60_000 }),
  burst: fc.integer({ min: 0, max: 10 }),
});

test("in any stretch of time, no more starts than limit, burst and the time that has passed allow", () => {
  fc.assert(
    fc.property(throttleRules, instants, (rule, at) => {
      const starts: number[] = [];
      let tat: number | undefined;
      for (const now of at) {
        const decided = decideThrottle(tat, rule, now);
        if (decided.kind === "held") continue;
        ({ tat } = decided);
        starts.push(now);
      }
      const emissionMs = rule.periodMs / rule.limit;
      for (let from = 0; from < starts.length; from++)
        for (let to = from; to < starts.length; to++) {
          const allowed = rule.limit + rule.burst + ((starts[to] ?? 0) - (starts[from] ?? 0) + 0.01) / emissionMs;
          expect(to - from + 1).toBeLessThanOrEqual(allowed);
        }
    }),
  );
});

test("a held start is allowed at the instant that is named, and not a millisecond before", () => {
  fc.assert(
    fc.property(throttleRules, fc.integer({ min: 1, max: 60 }), (rule, count) => {
      let tat: number | undefined;
      for (let n = 0; n < count; n++) {
        const decided = decideThrottle(tat, rule, START);
        if (decided.kind === "allowed") {
          ({ tat } = decided);
          continue;
        }
        expect(decideThrottle(tat, rule, decided.until).kind).toBe("allowed");
        expect(decideThrottle(tat, rule, decided.until - 1).kind).toBe("held");
        return;
      }
    }),
  );
});

test("the whole rate is reached: starts that wait for their instant come one emission after the other", () => {
  const rule = { limit: 3, periodMs: 6_000, burst: 0 };
  const starts: number[] = [];
  let tat: number | undefined;
  let now = START;
  while (starts.length < 6) {
    const decided = decideThrottle(tat, rule, now);
    if (decided.kind === "held") now = decided.until;
    else {
      ({ tat } = decided);
      starts.push(now - START);
    }
  }
  expect(starts).toEqual([0, 0, 0, 2_000, 4_000, 6_000]);
});
