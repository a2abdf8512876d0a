/** The keys, on one sheet; and the switch that turns the letter keys off (WCAG 2.1.4). */
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { areKeysOn, setKeysOn } from "./shortcuts.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["g r", "Runs"],
  ["g e", "Events"],
  ["g f", "Functions"],
  ["g a", "Apps"],
  ["g k", "Workers"],
  ["g ,", "API keys"],
  ["g b", "Bulk operations"],
  ["n", "Send an event"],
  ["/", "Search"],
  [".", "Pause or resume live updates"],
  ["j k ↑ ↓", "Next and previous row or step"],
  ["Enter", "Open the row, choose the step"],
  ["R", "Rerun the run on the page"],
  ["Esc", "Close the panel or question"],
  ["Ctrl Enter", "Send the event"],
];

/** The sheet. Mount it to open it. */
export function HelpSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOn, setOn] = useState(areKeysOn);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keyboard</h2>
      <dl className="dialog-body keys">
        {KEYS.map(([keys, words]) => (
          <KeyLine key={keys} keys={keys} words={words} />
        ))}
      </dl>
      <footer>
        <label className="quiet">
          <input
            type="checkbox"
            checked={isOn}
            onChange={(event) => {
              setKeysOn(event.target.checked);
              setOn(event.target.checked);
            }}
          />{" "}
          Letter keys
        </label>
        <span className="spring" />
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </footer>
    </dialog>
  );
}

function KeyLine({ keys, words }: { readonly keys: string; readonly words: string }): ReactNode {
  return (
    <>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  );
}
