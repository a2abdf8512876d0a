/** Arguments of the bench. */
import { parseArgs } from "node:util";
import type { ClientName } from "@pawl/conformance";
import { SCENARIOS } from "./scenario/all.ts";
import type { LoneScenario, Scenario } from "./scenario/scenario.ts";

export type Options = {
  readonly scenarios: readonly (Scenario | LoneScenario)[];
  readonly clients: readonly ClientName[];
  readonly store: "sqlite";
  /** `start`: keys, signatures, every commit synced. `dev`: none of these. */
  readonly mode: "start" | "dev";
  readonly code: "built" | "source";
  /** Measured repetitions of each scenario. */
  readonly repetitions: number;
  readonly isProfiled: boolean;
};

export const USAGE = `npm run bench -- [S1 S3 …] [options]

  --client pawl|inngest|inngest-v3|both   client of the app (both: ours and the official 4.x)   default both
  --store sqlite                          store of the server                                   default sqlite
  --mode start|dev                        keys and synced commits, or neither                   default start
  --code built|source                     what users install, or the TypeScript sources         default built
  --repetitions N                         measured repetitions, of which the median is told     default 3
  --profile                               CPU profiles of server and app; figures suffer
`;

const CLIENTS: Readonly<Record<string, readonly ClientName[]>> = {
  pawl: ["pawl"],
  inngest: ["inngest-v4"],
  "inngest-v4": ["inngest-v4"],
  "inngest-v3": ["inngest-v3"],
  both: ["pawl", "inngest-v4"],
};

/** Reads the arguments. Throws a sentence when one is wrong; undefined when help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      client: { type: "string", default: "both" },
      store: { type: "string", default: "sqlite" },
      mode: { type: "string", default: "start" },
      code: { type: "string", default: "built" },
      repetitions: { type: "string", default: "3" },
      profile: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    scenarios: positionals.length === 0 ? SCENARIOS : positionals.map(scenarioOf),
    clients: oneOf("client", CLIENTS, values.client),
    store: oneOf("store", { sqlite: "sqlite" }, values.store),
    mode: oneOf("mode", { start: "start", dev: "dev" }, values.mode),
    code: oneOf("code", { built: "built", source: "source" }, values.code),
    repetitions: countOf(values.repetitions),
    isProfiled: values.profile,
  };
}

function scenarioOf(id: string): Scenario | LoneScenario {
  const scenario = SCENARIOS.find((candidate) => candidate.id === id.toUpperCase());
  if (scenario === undefined)
    throw new Error(`There is no scenario ${id}; there are ${SCENARIOS.map((candidate) => candidate.id).join(", ")}.`);
  return scenario;
}

function oneOf<T>(name: string, choices: Readonly<Record<string, T>>, value: string): T {
  const choice = Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (choice === undefined) throw new Error(`--${name} ${value}: expected ${Object.keys(choices).join(", ")}.`);
  return choice;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--repetitions ${text}: expected a whole number of at least 1.`);
  return count;
}
