import type { ItemRow } from "@pawl/engine";
import { expect, test } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { ManualClock, settled } from "../ports/manual-clock.fixture.ts";
import { ItemRecovery } from "./item-recovery.ts";

const itemAt = (dueAt: number): ItemRow => ({ id: "r/start", runId: "r", dueAt }) as ItemRow;

function recoveryOf() {
  const clock = new ManualClock();
  const answers: ((items: readonly ItemRow[]) => void)[] = [];
  const itemsOfRun = () => new Promise<readonly ItemRow[]>((resolve) => answers.push(resolve));
  const store = { itemsOfRun, releaseItems: async () => {} };
  return { clock, answers, recovery: new ItemRecovery({ store, clock, logger: silentLogger, isRunning: () => true }) };
}

test("what was read before a newer commit is read again", async () => {
  const { clock, answers, recovery } = recoveryOf();
  const offered: number[] = [];
  recovery.readRun("r", (items) => offered.push(...items.map(({ dueAt }) => dueAt)));
  await clock.advance(100);
  recovery.changed("r");
  answers[0]?.([itemAt(1)]);
  await settled();
  expect([offered, answers.length]).toEqual([[], 2]);
  answers[1]?.([itemAt(2)]);
  await settled();
  expect(offered).toEqual([2]);
});

test("a run that is asked for several times is read once", async () => {
  const { clock, answers, recovery } = recoveryOf();
  for (let asked = 0; asked < 3; asked++) recovery.readRun("r", () => {});
  await clock.advance(1_000);
  expect(answers).toHaveLength(1);
});
