/**
 * Checkers: each watches a world for one promise and says when it is broken.
 *
 * I1  A checker reads the ledger, the programs and what it is told, and never the engine.
 */
import type { ChangeSet } from "@pawl/engine";
import type { CallRequest } from "@pawl/protocol";
import type { Program } from "../app/program.ts";
import type { Scenario } from "../world/scenario.ts";
import type { Ledger } from "./ledger.ts";

/** A call that reached the transport, of a node that is up. */
export type ObservedCall = { readonly itemId: string; readonly runId: string; readonly slug: string; readonly stepId: string; readonly request: CallRequest };

export type CheckerContext = {
  readonly ledger: Ledger;
  /** By slug, which is also the function's id. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly scenario: Scenario;
  readonly now: () => number;
  /** The promise is broken. */
  readonly fail: (message: string) => void;
};

export type Checker = {
  /** A change set takes effect; the ledger does not have it yet. */
  readonly beforeCommit?: (changeSet: ChangeSet) => void;
  /** The same, once the ledger has it. */
  readonly afterCommit?: (changeSet: ChangeSet) => void;
  readonly callBegan?: (call: ObservedCall) => void;
  readonly callEnded?: (call: ObservedCall) => void;
  /** No call of before is in progress any more. */
  readonly nodeEnded?: () => void;
  /** A sender was told that events are stored. */
  readonly acknowledged?: (eventIds: readonly string[]) => void;
  /** A sender was told that a signal has resumed a run. */
  readonly signalled?: (signal: { readonly runId: string; readonly signal: string; readonly value: number }) => void;
  /** Nothing happens any more. */
  readonly ended?: () => void;
};

/** A promise, by name. */
export type CheckerKind = { readonly name: string; readonly open: (context: CheckerContext) => Checker };
