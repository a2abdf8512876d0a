/** The line that a scenario prints. */
import { availableParallelism, cpus, loadavg } from "node:os";
import type { ClientName } from "@pawl/conformance";
import type { Options } from "../options.ts";
import type { Figures, Goal, Scenario } from "../scenario/scenario.ts";
import { median, rounded } from "./statistics.ts";

/** The median of the repetitions and their extremes; where there is a goal, whether the median meets it. */
export type Figure = {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly goal?: Goal;
  readonly isMet?: boolean;
};

export type Result = {
  readonly scenario: string;
  readonly client: ClientName;
  readonly title: string;
  readonly figures: Readonly<Record<string, Figure>>;
  readonly repetitions: number;
  readonly store: string;
  readonly mode: string;
  readonly code: string;
  readonly isProfiled: boolean;
  readonly machine: {
    readonly cores: number;
    readonly cpu: string;
    readonly node: string;
    readonly platform: string;
    readonly load1: number;
  };
  readonly date: string;
  readonly command: string;
};

export type ResultInput = {
  readonly scenario: Pick<Scenario, "id" | "title" | "goals">;
  readonly client: ClientName;
  readonly options: Options;
  readonly samples: readonly Figures[];
  readonly command: string;
};

/** Sums repetitions up. */
export function resultOf({ scenario, client, options, samples, command }: ResultInput): Result {
  const names = Object.keys(samples[0] ?? {});
  return {
    scenario: scenario.id,
    client,
    title: scenario.title,
    figures: Object.fromEntries(
      names.map((name) => [
        name,
        figureOf(
          samples.map((sample) => sample[name] ?? Number.NaN),
          scenario.goals[name],
        ),
      ]),
    ),
    repetitions: samples.length,
    store: options.store,
    mode: options.mode,
    code: options.code,
    isProfiled: options.isProfiled,
    machine: machine(),
    date: new Date().toISOString(),
    command,
  };
}

function figureOf(samples: readonly number[], goal: Goal | undefined): Figure {
  const figure = { median: rounded(median(samples)), min: rounded(Math.min(...samples)), max: rounded(Math.max(...samples)) };
  if (goal === undefined) return figure;
  return { ...figure, goal, isMet: "atMost" in goal ? figure.median <= goal.atMost : figure.median >= goal.atLeast };
}

function machine(): Result["machine"] {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load1: rounded(loadavg()[0] ?? 0),
  };
}
