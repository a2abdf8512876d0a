/** Every prepared statement that decisions need, by aggregate, with the driver's memory: leases, known pauses, the mark of due items. */
import type { Connection } from "./connection.ts";
import { eventStatements, type EventStatements } from "./event/event-statements.ts";
import { flowStatements, type FlowStatements } from "./flow/flow-statements.ts";
import { purgeStatements, type PurgeStatements } from "./flow/purge.ts";
import { itemStatements, type ItemStatements } from "./item/item-statements.ts";
import { openLaneScan, type LaneScan } from "./item/lane-scan.ts";
import { openLeases, type Leases } from "./item/leases.ts";
import { openPauseMatch, type PauseMatch } from "./pause/pause-match.ts";
import { pauseStatements, type PauseStatements } from "./pause/pause-statements.ts";
import { registryStatements, type RegistryStatements } from "./registry/registry-statements.ts";
import { syncStatements, type SyncStatements } from "./registry/sync-statements.ts";
import { runStatements, type RunStatements } from "./run/run-statements.ts";
import { stepStatements, type StepStatements } from "./step/step-statements.ts";

export type Statements = {
  readonly events: EventStatements;
  readonly runs: RunStatements;
  readonly steps: StepStatements;
  readonly items: ItemStatements;
  readonly lanes: LaneScan;
  readonly leases: Leases;
  readonly pauses: PauseStatements;
  readonly pauseMatch: PauseMatch;
  readonly registry: RegistryStatements;
  readonly syncs: SyncStatements;
  readonly flow: FlowStatements;
  readonly purge: PurgeStatements;
};

/** Prepares all of them. The connection has the newest schema. */
export function prepareStatements(connection: Connection): Statements {
  return {
    events: eventStatements(connection),
    runs: runStatements(connection),
    steps: stepStatements(connection),
    items: itemStatements(connection),
    lanes: openLaneScan(connection),
    leases: openLeases(connection),
    pauses: pauseStatements(connection),
    pauseMatch: openPauseMatch(connection),
    registry: registryStatements(connection),
    syncs: syncStatements(connection),
    flow: flowStatements(connection),
    purge: purgeStatements(connection),
  };
}
