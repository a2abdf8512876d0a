import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runSeed, type SimulationResult } from "./simulate.ts";
import { isClean, type WorldKind } from "./world/scenario.ts";

/** Seeds that run with every test; thousands run on demand: `npm run sim -- --seed 1 --runs 5000`. */
const SMOKE_SEEDS = 400;
const REPEATED_SEEDS = 40;

/** `kind`: the world had no more in it when the seed failed. */
type Regression = { readonly seed: number; readonly kind: WorldKind; readonly found: string };

const regressions = JSON.parse(readFileSync(join(import.meta.dirname, "../seeds/regressions.json"), "utf8")) as readonly Regression[];

/** What a failing seed prints: the command that repeats it, and what was broken. */
function complaint({ seed, violations }: SimulationResult, kind: WorldKind = "full"): readonly string[] {
  return violations.map(({ checker, message }) => `npm run sim -- --seed ${seed} --kind ${kind} --trace\n${checker}: ${message}`);
}

test(`the first ${SMOKE_SEEDS} seeds keep every promise`, { timeout: 60_000 }, async () => {
  let runs = 0;
  let clean = 0;
  for (let seed = 1; seed <= SMOKE_SEEDS; seed++) {
    const result = await runSeed(seed);
    expect(complaint(result)).toEqual([]);
    runs += result.runs;
    clean += isClean(result.scenario) ? 1 : 0;
  }
  // The worlds are worth something: much runs, and some have no faults.
  expect(runs).toBeGreaterThan(SMOKE_SEEDS * 5);
  expect(clean).toBeGreaterThan(SMOKE_SEEDS / 20);
});

test("the same seed gives the same world, event by event", { timeout: 30_000 }, async () => {
  for (let seed = 1; seed <= REPEATED_SEEDS; seed++) {
    const [first, second] = [await runSeed(seed, { trace: "hashed" }), await runSeed(seed, { trace: "hashed" })];
    expect(second.hash).toBe(first.hash);
    expect(first.hash).not.toBe("");
  }
});

describe("seeds that have failed before", () => {
  test.each(regressions)("$seed: $found", async ({ seed, kind }) => {
    expect(complaint(await runSeed(seed, { kind }), kind)).toEqual([]);
  });
});
