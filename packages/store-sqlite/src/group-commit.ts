/**
 * Group commit: change sets handed over in the same turn of the event loop share one transaction, and so one wait for the disk.
 *
 * I1  A promise resolves only after the commit that holds its changes.
 * I2  Change sets are made in the order in which they were handed over.
 * I3  A change set that throws fails alone: the transaction is rolled back and its sets are made again, each in its own.
 * I4  One transaction holds at most `SETS_MAX` sets or about `CHARACTERS_MAX` of text, so that others get a turn of the event loop.
 *
 * A lone set waits for the end of the turn (`setImmediate`): after input has been read, that is at once.
 */
import type { ApplyResult, Change, ChangeSet } from "@pawl/engine";
import { StoreError } from "@pawl/store";
import { resultCodeOf, type Connection } from "./connection.ts";

/** About 10 ms of work; more sets gain less than 1 µs each. */
const SETS_MAX = 500;
/** About 10 ms of work. One set may exceed it. */
const CHARACTERS_MAX: number = 8 * 1_024 * 1_024;

export type GroupCommitOptions = {
  readonly connection: Connection;
  /** Makes one change set in the open transaction. */
  readonly make: (changeSet: ChangeSet) => ApplyResult;
  readonly onCommit: () => void;
  readonly onRollback: () => void;
};

export interface GroupCommit {
  apply(changeSet: ChangeSet): Promise<ApplyResult>;
  /** Commits whatever was handed over. */
  drain(): void;
}

type Waiting = {
  readonly changeSet: ChangeSet;
  readonly resolve: (result: ApplyResult) => void;
  readonly reject: (error: unknown) => void;
};

/** Begins with an empty queue. */
export function openGroupCommit(options: GroupCommitOptions): GroupCommit {
  const transact = transactionsOf(options);
  let queue: Waiting[] = [];
  let isScheduled = false;
  const commitGroup = (): void => {
    const size = groupSize(queue);
    const group = size === queue.length ? queue : queue.slice(0, size);
    queue = size === queue.length ? [] : queue.slice(size);
    commit(group, transact);
  };
  const schedule = (): void => {
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (queue.length > 0) commitGroup();
      if (queue.length > 0 && !isScheduled) schedule();
    });
  };
  return {
    apply: (changeSet) =>
      new Promise((resolve, reject) => {
        queue.push({ changeSet, resolve, reject });
        if (!isScheduled) schedule();
      }),
    drain: () => {
      while (queue.length > 0) commitGroup();
    },
  };
}

type Transact = (group: readonly Waiting[]) => ApplyResult[];

function transactionsOf({ connection, make, onCommit, onRollback }: GroupCommitOptions): Transact {
  const beginStatement = connection.prepare("begin immediate");
  const commitStatement = connection.prepare("commit");
  const rollbackStatement = connection.prepare("rollback");
  return (group) => {
    beginStatement.run();
    try {
      const results = group.map(({ changeSet }) => make(changeSet));
      commitStatement.run();
      onCommit();
      return results;
    } catch (error) {
      // SQLite has rolled back by itself after some failures, such as a full disk.
      if (connection.isInTransaction()) rollbackStatement.run();
      onRollback();
      throw error;
    }
  };
}

function commit(group: readonly Waiting[], transact: Transact): void {
  try {
    const results = transact(group);
    group.forEach((waiting, index) => waiting.resolve(results[index] as ApplyResult));
  } catch (error) {
    if (group.length === 1) group[0]?.reject(failureOf(error));
    else for (const waiting of group) commit([waiting], transact);
  }
}

function failureOf(error: unknown): unknown {
  if (StoreError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = isConstraintFailure(error) ? "STORE_ROW_INVALID" : "STORE_FAILED";
  return new StoreError(code, `A change set could not be stored, nothing of it was: ${reason}`, { cause: error });
}

/** SQLITE_CONSTRAINT and SQLITE_MISMATCH: the row is at fault and not the disk. */
function isConstraintFailure(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === 19 || code === 20;
}

/** How many sets from the front of the queue go into one transaction. */
function groupSize(queue: readonly Waiting[]): number {
  let characters = 0;
  let size = 0;
  for (const { changeSet } of queue) {
    for (const change of changeSet.changes) characters += textLengthOf(change);
    size += 1;
    if (size === SETS_MAX || characters >= CHARACTERS_MAX) break;
  }
  return size;
}

function textLengthOf(change: Change): number {
  switch (change.kind) {
    case "insert-event":
      return change.event.body.length;
    case "put-step":
      return (change.step.result?.length ?? 0) + (change.step.options?.length ?? 0);
    case "update-run":
      return (change.run.output?.length ?? 0) + (change.run.error?.length ?? 0);
    default:
      return 0;
  }
}
