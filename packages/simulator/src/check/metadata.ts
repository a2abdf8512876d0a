/**
 * Metadata: an update that was answered as stored is stored once, and one that was refused is not; a run has no more of it than it may;
 * and what comes along with a step's result is stored with the result, once, however often it is reported.
 */
import { mergedMetadata, type MetadataRow } from "@pawl/engine";
import { METADATA_RUN_BYTES_MAX } from "@pawl/protocol";
import { STEP_METADATA_KIND } from "../app/ops.ts";
import { NOTE_KIND } from "../world/noters.ts";
import { ofKind, type CheckContext, type Checker, type NoteAnswer } from "./checker.ts";

/** Beside the values: how they are written down. */
const FRAME_BYTES = 100;

/** Makes the checker. */
export function checkMetadata({ mirror, scenario, report }: CheckContext): Checker {
  const answers: NoteAnswer[] = [];
  return {
    noted: (answer) => {
      answers.push(answer);
      const { runId, number, bytes, outcome } = answer;
      const count = notesOf(mirror.metadataOf(runId)).filter((noted) => noted === number).length;
      if (outcome === "stored" && count !== 1)
        report(`the note ${number} of run ${runId} was answered as stored, and is there ${count} times`);
      if ((outcome === "too-large" || outcome === "no-run") && count !== 0)
        report(`the note ${number} of run ${runId} was answered as ${outcome}, and is there`);
      const isNear = bytesOf(mirror.metadataOf(runId)) + bytes + FRAME_BYTES * 20 > METADATA_RUN_BYTES_MAX;
      if (outcome === "too-large" && !isNear) report(`the note ${number} of run ${runId} was refused as too large, but there is room`);
    },
    committed: ({ changeSet }) => {
      for (const runId of new Set(ofKind(changeSet, "put-metadata").map(({ metadata }) => metadata.runId)))
        if (bytesOf(mirror.metadataOf(runId)) > METADATA_RUN_BYTES_MAX + FRAME_BYTES) report(`run ${runId} has more metadata than it may`);
      if (scenario.notes === 0) return;
      for (const { step } of ofKind(changeSet, "put-step")) {
        const isDone = step.kind === "run" && step.status === "completed" && !mirror.copiedSteps.has(`${step.runId}/${step.id}`);
        if (isDone && countOf(mirror.metadataOf(step.runId), step.id) !== 1)
          report(
            `step ${step.id} of run ${step.runId} is stored, and what it notes counts ${countOf(mirror.metadataOf(step.runId), step.id)}`,
          );
      }
    },
    ended: () => {
      for (const runId of mirror.runs.keys()) {
        const rows = mirror.metadataOf(runId);
        for (const stepId of new Set(rows.map((row) => row.stepId)))
          if (stepId !== "" && countOf(rows, stepId) > 1)
            report(`what step ${stepId} of run ${runId} notes counts ${countOf(rows, stepId)} times`);
      }
    },
  };
}

function notesOf(rows: readonly MetadataRow[]): readonly number[] {
  return rows
    .filter(({ kind }) => kind === NOTE_KIND)
    .map(({ values }) => (JSON.parse(values) as { readonly values: { readonly number: number } }).values.number);
}

/** How often a step's own note counts. */
function countOf(rows: readonly MetadataRow[], stepId: string): number {
  const own = mergedMetadata(rows.filter((row) => row.stepId === stepId && row.kind === STEP_METADATA_KIND));
  return Number(own[0]?.values["count"] ?? 0);
}

function bytesOf(rows: readonly MetadataRow[]): number {
  return rows.reduce((bytes, { values }) => bytes + values.length, 0);
}
