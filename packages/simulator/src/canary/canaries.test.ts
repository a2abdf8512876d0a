import { expect, test } from "vitest";
import { runSeed } from "../simulate.ts";
import { CANARIES } from "./canaries.ts";

/** A mistake that no checker finds within so many seeds means that a checker is blind. */
const SEEDS_MAX = 200;

test.each(CANARIES)("is found: $name", { timeout: 60_000 }, async (canary) => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { violations } = await runSeed(seed, { canary });
    if (violations.some(({ checker }) => canary.foundBy.includes(checker))) return;
  }
  expect.fail(`The checkers ${canary.foundBy.join(", ")} have not found it in ${SEEDS_MAX} seeds.`);
});
