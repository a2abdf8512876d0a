import { parseFunctionConfig } from "@pawl/engine";
import { expect, test } from "vitest";
import { scenarioOf } from "../world/scenario.ts";
import { SeededRandom } from "../world/seeded-random.ts";
import { functionRowOf, generatePrograms } from "./generate-program.ts";
import { wireConfigOf } from "./wire-config.ts";

const SEEDS = 200;

test("what the app registers means what the checkers take it for", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new SeededRandom(String(seed));
    const programs = generatePrograms(random.fork("programs"), { ...scenarioOf(random.fork("scenario")), hasFlow: true });
    for (const program of programs) {
      const { definition } = functionRowOf(program, 0);
      const raw = JSON.parse(JSON.stringify(wireConfigOf(definition))) as unknown;
      expect(parseFunctionConfig(raw)).toEqual({ kind: "valid", config: definition });
    }
  }
});
