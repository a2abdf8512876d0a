/** The question before a bulk operation: which runs, how fast, how many that are now, and how it is undone. */
import { useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import type { UiFunction, UiRunList } from "@pawl/protocol";
import { createBulk } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { Confirm } from "../controls/confirm.tsx";
import { navigate } from "../router/location.tsx";
import { TIME_RANGES } from "../runs/model.ts";
import { Glyph } from "../status/glyph.tsx";
import { phaseOfStatus, toneOfPhase, wordOf } from "../status/words.ts";
import { serverNow } from "../time/clock.ts";
import { draftProblem, PER_SECOND_MAX, previewPath, previewWords, requestOf, statusesFor, undoWords } from "./model.ts";
import type { BulkDraft, BulkKind } from "./model.ts";

/** The matching runs are counted when the fields rest this long. */
const SETTLED_MS = 300;

const WORDS: { readonly [kind in BulkKind]: { readonly title: string; readonly verb: string } } = {
  cancel: { title: "Cancel many runs?", verb: "Cancel them" },
  replay: { title: "Run many runs again?", verb: "Replay them" },
};

type DialogProps = { readonly initial: BulkDraft; readonly functions: readonly UiFunction[]; readonly onClose: () => void };

/** The dialog. Mount it to open it; a made operation leads to the page of operations. */
export function BulkDialog({ initial, functions, onClose }: DialogProps): ReactNode {
  const [draft, setDraft] = useState(initial);
  const problem = draftProblem(draft);
  const { title, verb } = WORDS[draft.kind];
  const confirm = async (): Promise<void> => {
    await createBulk(requestOf(draft, serverNow()));
    navigate("/bulks");
  };
  return (
    <Confirm title={title} verb={verb} canConfirm={problem === undefined} onClose={onClose} onConfirm={confirm}>
      <div className="bulk-form">
        <FunctionField draft={draft} setDraft={setDraft} functions={functions} />
        <StatusField draft={draft} setDraft={setDraft} />
        <label>
          Queued within
          <select className="field" value={draft.since} onChange={(event) => setDraft({ ...draft, since: event.target.value })}>
            <option value="">Any time</option>
            {TIME_RANGES.map(({ code, words }) => (
              <option key={code} value={code}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <ConditionField draft={draft} setDraft={setDraft} />
        {draft.kind === "replay" && <RateField draft={draft} setDraft={setDraft} />}
        <Preview draft={draft} problem={problem} />
        <p>{undoWords(draft.kind)}</p>
      </div>
    </Confirm>
  );
}

type FieldProps = { readonly draft: BulkDraft; readonly setDraft: (draft: BulkDraft) => void };

function FunctionField({ draft, setDraft, functions }: FieldProps & { readonly functions: readonly UiFunction[] }): ReactNode {
  return (
    <label>
      Function
      <select className="field" value={draft.functionSlug} onChange={(event) => setDraft({ ...draft, functionSlug: event.target.value })}>
        <option value="">Choose…</option>
        {functions.map(({ slug }) => (
          <option key={slug} value={slug}>
            {slug}
          </option>
        ))}
      </select>
    </label>
  );
}

function StatusField({ draft, setDraft }: FieldProps): ReactNode {
  const all = statusesFor(draft.kind);
  return (
    <fieldset>
      <legend>Status</legend>
      {all.map((status) => (
        <label key={status} className="check" data-tone={toneOfPhase(phaseOfStatus(status))}>
          <input
            type="checkbox"
            checked={draft.statuses.includes(status)}
            onChange={() => setDraft({ ...draft, statuses: all.filter((each) => draft.statuses.includes(each) !== (each === status)) })}
          />
          <Glyph name={phaseOfStatus(status)} size={12} />
          {wordOf(status)}
        </label>
      ))}
    </fieldset>
  );
}

function ConditionField({ draft, setDraft }: FieldProps): ReactNode {
  return (
    <label>
      <span>
        Where <span className="quiet">optional; an expression over event, run, output and error</span>
      </span>
      <input
        className="field code-input"
        value={draft.condition}
        placeholder='event.data.customerId == "c_7"'
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setDraft({ ...draft, condition: event.target.value })}
      />
    </label>
  );
}

function RateField({ draft, setDraft }: FieldProps): ReactNode {
  return (
    <label>
      New runs each second
      <input
        className="field"
        type="number"
        min={1}
        max={PER_SECOND_MAX}
        value={draft.perSecond}
        onChange={(event) => setDraft({ ...draft, perSecond: event.target.value })}
      />
    </label>
  );
}

/** How many runs match, or what is wrong with the fields. */
function Preview({ draft, problem }: { readonly draft: BulkDraft; readonly problem: string | undefined }): ReactNode {
  const settled = useSettled(draft);
  const path = useMemo(() => previewPath(settled, serverNow()), [settled]);
  const { data, error } = useResource<UiRunList>(path);
  const wrong = problem ?? (error?.status === 400 ? error.message : undefined);
  return (
    <p role="status" className={wrong === undefined ? "bulk-count" : "form-problem"} data-tone={wrong === undefined ? undefined : "failed"}>
      {wrong ?? (data === undefined ? "Counting the runs…" : previewWords(data))}
    </p>
  );
}

/** The draft as it was when the typing rested. */
function useSettled(draft: BulkDraft): BulkDraft {
  const [settled, setSettled] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(draft), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return settled;
}
