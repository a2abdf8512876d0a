/** Scores, experiments and other values that were noted about a run or a step. */
import type { ReactNode } from "react";
import type { UiRunDetail } from "@pawl/protocol";
import { Fact } from "../controls/fact.tsx";
import { JsonViewer } from "../json/viewer.tsx";
import { notesOf } from "./metadata.ts";

type NotesProps = {
  readonly metadata: UiRunDetail["metadata"];
  /** Empty for the run's own. */
  readonly stepId: string;
};

/** The notes; nothing where there are none. */
export function Notes({ metadata, stepId }: NotesProps): ReactNode {
  const notes = notesOf(metadata, stepId);
  const facts = notes.filter((note) => note.kind !== "values");
  return (
    <>
      {facts.length > 0 && (
        <section aria-label="Scores and experiments">
          <header className="json-head">
            <h3>Scores and experiments</h3>
          </header>
          <dl className="facts stacked">
            {facts.map((note) => (
              <Fact key={`${note.kind} ${note.name}`} label={note.kind === "score" ? "Score" : "Experiment"}>
                <span>{note.name}</span>
                <b>{note.kind === "score" ? note.value : note.variant}</b>
              </Fact>
            ))}
          </dl>
        </section>
      )}
      {notes.map((note) => note.kind === "values" && <JsonViewer key={note.title} title={`Metadata ${note.title}`} text={note.text} />)}
    </>
  );
}
