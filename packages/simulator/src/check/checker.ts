/**
 * What checkers are told, and how they complain.
 *
 * I1  Checkers only look: a world with fewer of them runs the same way.
 * I2  What they are told about commits is what was committed, in the order of the commits.
 */
import type { Change, ChangeSet, GatewayOutcome } from "@pawl/engine";
import type { CallRequest, WireOp } from "@pawl/protocol";
import type { MemorySnapshot } from "@pawl/store-memory";
import type { Program } from "../app/program.ts";
import type { Scenario } from "../world/scenario.ts";
import type { Mirror } from "./mirror.ts";

export type Commit = {
  readonly at: number;
  readonly isZombie: boolean;
  /** The item whose outcome is decided, by its lease; undefined where something else moves the run. */
  readonly leasedItemId: string | undefined;
  readonly changeSet: ChangeSet;
};

/** A call as it leaves a node. `node` counts its starts. */
export type ObservedCall = { readonly node: number; readonly itemId: string; readonly slug: string; readonly body: CallRequest };

/** An execution of a step's body. `slug`: whose code it was. */
export type Execution = { readonly runId: string; readonly slug: string; readonly stepId: string; readonly isOk: boolean };

/** A state that the app has fetched for a call. */
export type Fetch = {
  readonly runId: string;
  readonly itemId: string;
  readonly generation: number;
  readonly steps: Readonly<Record<string, unknown>>;
};

/** A request of a step to another server. `node` counts its starts. */
export type StepRequest = { readonly node: number; readonly runId: string; readonly stepId: string };

/**
 * An answer to a registration of the app. `number`: which; 0 for one that must be refused. `isAlone`: no other was under way meanwhile.
 * `outcome`: undefined where it is not known.
 */
export type RegistrationAnswer = {
  readonly number: number;
  readonly outcome: "registered" | "refused" | undefined;
  readonly isAlone: boolean;
};

/** An answer to an update of metadata, which has a number of its own. */
export type NoteAnswer = {
  readonly runId: string;
  readonly number: number;
  readonly bytes: number;
  readonly outcome: "stored" | "no-run" | "too-large" | undefined;
};

/** An answer to what an endpoint has reported. `slug`: of the endpoint, where it says that a run has begun. `isRepeated`: not for the first time. */
export type Report = {
  readonly runId: string;
  readonly slug?: string;
  readonly key?: string;
  readonly ops: readonly WireOp[];
  readonly answer: "saved" | "refused" | "failed";
  /** Why it was refused. */
  readonly code: string;
  readonly isRepeated: boolean;
};

/** What came of a world. `acknowledged`: internal ids of events whose senders were told that they are stored. */
export type Ending = { readonly acknowledged: readonly string[]; readonly stored: MemorySnapshot };

export type Checker = {
  /** Before the mirror follows a commit. */
  readonly committing?: (commit: Commit) => void;
  /** After it did. */
  readonly committed?: (commit: Commit) => void;
  readonly claimed?: (claim: { readonly itemId: string; readonly generation: number }) => void;
  readonly callBegan?: (call: ObservedCall) => void;
  readonly callEnded?: (call: ObservedCall) => void;
  readonly executed?: (execution: Execution) => void;
  readonly fetched?: (fetch: Fetch) => void;
  readonly requestBegan?: (request: StepRequest) => void;
  readonly requestEnded?: (request: StepRequest & { readonly outcome: GatewayOutcome }) => void;
  readonly reported?: (report: Report) => void;
  readonly registered?: (answer: RegistrationAnswer) => void;
  readonly noted?: (answer: NoteAnswer) => void;
  /** The world has come to rest. */
  readonly ended?: (ending: Ending) => void;
};

export type CheckContext = {
  /** What is committed. */
  readonly mirror: Mirror;
  /** By the function's id; endpoints as they are registered. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly scenario: Scenario;
  readonly now: () => number;
  /** States a violation. */
  readonly report: (message: string) => void;
};

export type MakeChecker = (context: CheckContext) => Checker;

/** Changes of one kind. */
export function ofKind<K extends Change["kind"]>(
  { changes }: Pick<ChangeSet, "changes">,
  kind: K,
): readonly Extract<Change, { kind: K }>[] {
  return changes.filter((change): change is Extract<Change, { kind: K }> => change.kind === kind);
}
