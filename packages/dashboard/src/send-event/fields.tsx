/** The fields of the form: name, data, id. */
import { useRef } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { CopyButton } from "../controls/copy-button.tsx";
import type { Examples } from "./examples.ts";
import { curlOf, dataProblem, nameProblem, pretty } from "./model.ts";
import type { Draft } from "./model.ts";

/** Names offered as buttons; the field completes the others. */
const NAMES_SHOWN_MAX = 8;

type FieldsProps = { readonly draft: Draft; readonly setDraft: (draft: Draft) => void; readonly examples: Examples };

/** All fields. Problems are said as they are typed. */
export function EventFields({ draft, setDraft, examples }: FieldsProps): ReactNode {
  const problem = draft.name === "" ? undefined : nameProblem(draft.name);
  return (
    <>
      <label>
        Name
        <input
          className="field code-input"
          list="event-names"
          value={draft.name}
          aria-invalid={problem !== undefined}
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          placeholder="shop/order.placed"
          autoComplete="off"
          spellCheck={false}
        />
        <datalist id="event-names">
          {examples.names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      {problem !== undefined && (
        <p className="form-problem" data-tone="failed" role="status">
          {problem}
        </p>
      )}
      <p className="chips" role="group" aria-label="Names that start a function">
        {examples.names.slice(0, NAMES_SHOWN_MAX).map((name) => (
          <button
            key={name}
            type="button"
            className="quiet-button"
            aria-pressed={name === draft.name}
            onClick={() => setDraft({ ...draft, name, data: "" })}
          >
            {name}
          </button>
        ))}
      </p>
      <DataField draft={draft} setDraft={setDraft} examples={examples} />
      <label>
        <span>
          Id <span className="quiet">optional; an id starts each function only once in 24 hours</span>
        </span>
        <input
          className="field code-input"
          value={draft.id}
          onChange={(event) => setDraft({ ...draft, id: event.target.value })}
          spellCheck={false}
        />
      </label>
    </>
  );
}

function DataField({ draft, setDraft, examples }: FieldsProps): ReactNode {
  const field = useRef<HTMLTextAreaElement>(null);
  const problem = dataProblem(draft.data);
  const setData = (data: string): void => setDraft({ ...draft, data });
  const canCopy = problem === undefined && nameProblem(draft.name) === undefined;
  return (
    <div>
      <label>
        Data
        <textarea
          ref={field}
          className="field code-field"
          rows={16}
          spellCheck={false}
          placeholder="{}"
          value={draft.data}
          aria-invalid={problem !== undefined}
          aria-describedby="data-problem"
          onChange={(event) => setData(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      <div className="data-line">
        <span id="data-problem" className="form-problem" data-tone="failed" role="status">
          {problem?.message}
        </span>
        {problem?.offset !== undefined && (
          <button type="button" className="quiet-button" onClick={() => showOffset(field.current, problem.offset ?? 0)}>
            Show
          </button>
        )}
        <span className="spring" />
        {examples.lastData !== undefined && examples.lastData !== draft.data && (
          <button type="button" className="quiet-button" onClick={() => setData(examples.lastData ?? "")}>
            Data of the last one
          </button>
        )}
        <button type="button" className="quiet-button" disabled={problem !== undefined} onClick={() => setData(pretty(draft.data))}>
          Format
        </button>
        {canCopy && <CopyButton text={curlOf(draft, location.origin)} name="Copy as cURL" label="Copy as cURL" />}
      </div>
    </div>
  );
}

function showOffset(field: HTMLTextAreaElement | null, offset: number): void {
  field?.focus();
  field?.setSelectionRange(offset, offset + 1);
}

function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
}
