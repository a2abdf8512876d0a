/**
 * Metadata that comes from outside: scores, the user's own values.
 *
 * I1  A run's metadata stays within its limit; what would exceed it is refused whole. Updates of one run are stored one after the other,
 *     so that two at a time are not both measured against what there was before.
 */
import { type Metadata, mergedMetadata, metadataBytes, metadataRow, type MetadataUpdate, type RandomSource } from "@pawl/engine";
import { METADATA_RUN_BYTES_MAX, METADATA_UPDATE_BYTES_MAX } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";

/** `stepId`: a step's hash; empty for the run. */
export type Note = { readonly update: MetadataUpdate; readonly stepId: string };

export type NoteResult = "stored" | "no-run" | "too-large";

export class Notes {
  readonly #options: { readonly store: Pick<Store, "apply" | "history">; readonly clock: Clock; readonly random: RandomSource };

  /** The newest update of each run that has one under way (I1). */
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: { readonly store: Pick<Store, "apply" | "history">; readonly clock: Clock; readonly random: RandomSource }) {
    this.#options = options;
  }

  /** Stores all of them or none. */
  async add(runId: string, notes: readonly Note[]): Promise<NoteResult> {
    const before = this.#last.get(runId);
    const adding = before === undefined ? this.#add(runId, notes) : before.then(() => this.#add(runId, notes));
    const settled = adding.then(ignore, ignore);
    this.#last.set(runId, settled);
    try {
      return await adding;
    } finally {
      if (this.#last.get(runId) === settled) this.#last.delete(runId);
    }
  }

  async #add(runId: string, notes: readonly Note[]): Promise<NoteResult> {
    const { store, clock, random } = this.#options;
    const [runs, rows] = await Promise.all([store.history.runsByIds([runId]), store.history.metadataOfRun(runId)]);
    if (runs.length === 0) return "no-run";
    const sizes = notes.map(({ update }) => metadataBytes(update.values));
    const known = rows.reduce((bytes, { values }) => bytes + Buffer.byteLength(values), 0);
    if (sizes.some((size) => size > METADATA_UPDATE_BYTES_MAX)) return "too-large";
    if (sizes.reduce((bytes, size) => bytes + size, known) > METADATA_RUN_BYTES_MAX) return "too-large";
    const now = clock.now();
    const changes = notes.map(
      ({ update, stepId }) =>
        ({ kind: "put-metadata", metadata: metadataRow(update, { runId, stepId, source: random.ulid(now), now }) }) as const,
    );
    await store.apply({ guards: [], changes });
    return "stored";
  }

  /** A run's metadata and its steps', put together. */
  async ofRun(runId: string): Promise<readonly Metadata[]> {
    return mergedMetadata(await this.#options.store.history.metadataOfRun(runId));
  }
}

/** Whoever comes next does not care how the one before ended. */
function ignore(): void {}
