import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runSeed } from "../simulate.ts";
import { CANARIES } from "./canaries.ts";

/** A mistake that no checker finds within so many seeds means that a checker is blind. */
const SEEDS_MAX = 400;

const ENGINE = join(import.meta.dirname, "../../../engine/src");
const FOLDERS = ["run", "run/op", "event", "flow", "queue", "cron"];

/** Rows and other types, and what has no part in the simulation. */
const WITHOUT: ReadonlySet<string> = new Set([
  "run/defer-row",
  "run/metadata-row",
  "run/run-row",
  "event/event-row",
  "flow/batch-event",
  "flow/cell-row",
  "flow/event-target",
  "queue/item-row",
  // Read at registration only.
  "cron/parse-cron",
  // For lists.
  "run/run-filter",
]);

test("every module that decides has a mistake of its own", () => {
  const modules = FOLDERS.flatMap((folder) =>
    readdirSync(join(ENGINE, folder))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => `${folder}/${file.slice(0, -3)}`),
  );
  const covered = new Set(CANARIES.map(({ module }) => module));
  expect(modules.filter((module) => !covered.has(module) && !WITHOUT.has(module))).toEqual([]);
});

test.each(CANARIES)("is found: $name", { timeout: 60_000 }, async (canary) => {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { violations } = await runSeed(seed, { canary });
    if (violations.some(({ checker }) => canary.foundBy.includes(checker))) return;
  }
  expect.fail(`The checkers ${canary.foundBy.join(", ")} have not found it in ${SEEDS_MAX} seeds.`);
});
