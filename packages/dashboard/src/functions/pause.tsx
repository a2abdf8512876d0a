/** Pausing a function: the question with its three modes, and what is said while it is paused. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { UiFunction, UiPauseMode } from "@pawl/protocol";
import { ApiError, pauseFunction, resumeFunction } from "../api/client.ts";
import { Confirm } from "../controls/confirm.tsx";
import { Glyph } from "../status/glyph.tsx";
import { Ago } from "../time/ago.tsx";

const MODES: readonly { readonly mode: UiPauseMode; readonly word: string; readonly sentence: string }[] = [
  { mode: "hold", word: "Hold", sentence: "New runs wait and start when it is resumed; runs under way go on." },
  {
    mode: "drop",
    word: "Drop",
    sentence: "New events start nothing and are kept as skipped runs; runs that have not started wait, those under way go on.",
  },
  {
    mode: "drain",
    word: "Drain",
    sentence: "New events start nothing and are kept as skipped runs; everything queued or under way goes on to its end.",
  },
];

/** `Paused` and the mode, for the line and the panel of a function. */
export function PausedBadge({ item }: { readonly item: UiFunction }): ReactNode {
  if (item.paused === undefined) return null;
  return (
    <span className="badge paused-badge" data-tone="queued">
      <Glyph name="paused" size={12} />
      Paused · {item.paused.mode}
    </span>
  );
}

type PauseProps = { readonly item: UiFunction; readonly onChange: () => void };

/** The button that pauses a function after a question; nothing while it is paused. */
export function PauseButton({ item, onChange }: PauseProps): ReactNode {
  const [isAsked, setAsked] = useState(false);
  if (item.paused !== undefined) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setAsked(true)}>
        Pause…
      </button>
      {isAsked && <PauseQuestion item={item} onChange={onChange} onClose={() => setAsked(false)} />}
    </>
  );
}

function PauseQuestion({ item, onChange, onClose }: PauseProps & { readonly onClose: () => void }): ReactNode {
  const [mode, setMode] = useState<UiPauseMode>("hold");
  const confirm = async (): Promise<void> => {
    await pauseFunction(item.slug, mode);
    onChange();
  };
  return (
    <Confirm title={`Pause ${item.name}?`} verb="Pause" onClose={onClose} onConfirm={confirm}>
      <fieldset className="choices">
        <legend className="hidden-text">What happens to new runs</legend>
        {MODES.map((each) => (
          <label key={each.mode}>
            <input type="radio" name="mode" value={each.mode} checked={each.mode === mode} onChange={() => setMode(each.mode)} />
            <b>{each.word}</b>
            <span>{each.sentence}</span>
          </label>
        ))}
      </fieldset>
    </Confirm>
  );
}

/** What the pause means and since when, and the button that ends it; nothing while the function isn't paused. */
export function PauseBanner({ item, onChange }: PauseProps): ReactNode {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const { paused } = item;
  if (paused === undefined) return null;
  const resume = (): void => {
    setBusy(true);
    setProblem(undefined);
    resumeFunction(item.slug)
      .then(onChange)
      .catch((error: unknown) => setProblem(error instanceof ApiError ? error.message : "It could not be resumed."))
      .finally(() => setBusy(false));
  };
  return (
    <section className="explainer" data-tone="queued" aria-label="Paused">
      <h2>
        <Glyph name="paused" />
        Paused <Ago at={paused.since} />
      </h2>
      <p>{MODES.find(({ mode }) => mode === paused.mode)?.sentence}</p>
      <p className="actions">
        <button type="button" className="button primary" disabled={isBusy} onClick={resume}>
          Resume
        </button>
        {problem !== undefined && (
          <span role="alert" className="form-problem" data-tone="failed">
            {problem}
          </span>
        )}
      </p>
    </section>
  );
}
